"""The registry of topics and messages holds together."""

import re
from typing import get_args

import pytest

from contracts.event import Event
from contracts.registry import EVENTS, PRODUCERS
from contracts.render import reader_schema
from contracts.topics import ALL, TOPICS, Service, Topic

TOPIC = re.compile(rf"({'|'.join(ALL)})\.[a-z]+(-[a-z]+)*\.v[1-9]\d*")
TYPE = re.compile(rf"({'|'.join(ALL)})\.[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.v[1-9]\d*")

FOR_THE_HUB_ALONE = re.compile(
    r"(^|_)(account|username|display_name|person|email|phone|address|password|session|token|secret"
    r"|keys?|reason|note|evidence|connection|receipt)s?(_|$)"
)
"""What names a person, a secret, one connection, or is free text of people."""

topics = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
events = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())


def test_topic_names_are_unique() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


def test_the_list_of_services_is_the_type_of_services() -> None:
    assert get_args(Service) == ALL


@topics
def test_a_topic_is_named_after_its_owner_an_aggregate_and_a_major(topic: Topic) -> None:
    assert TOPIC.fullmatch(topic.name)
    assert topic.name.split(".")[0] == topic.owner


@topics
def test_a_topic_carries_a_message_or_is_for_dead_letters(topic: Topic) -> None:
    carries = [event for event in EVENTS.values() if event.topic == topic]
    assert carries or topic.name == f"{topic.owner}.dead-letters.v1"


@topics
def test_only_topics_whose_last_word_by_key_is_the_whole_truth_are_compacted(topic: Topic) -> None:
    types = [event.type for event in EVENTS.values() if event.topic == topic]
    assert topic.cleanup == "delete" or len(types) == 1
    assert topic.cleanup == "delete" or topic.retention_ms == -1


@pytest.mark.parametrize(
    "event", [event for event in EVENTS.values() if event.topic.is_open], ids=lambda one: one.type
)
def test_what_is_open_tells_of_no_person_no_secret_and_no_connection(event: type[Event]) -> None:
    assert not {name for name in said_by(reader_schema(event)) if FOR_THE_HUB_ALONE.search(name)}


def said_by(schema: object) -> set[str]:
    """Return the names of all fields of a schema, however deep."""
    if isinstance(schema, list):
        return set().union(*map(said_by, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})).union(*map(said_by, schema.values()))


@topics
def test_requests_and_refused_messages_are_open_to_nobody(topic: Topic) -> None:
    says_facts = {topic.name.split(".")[1]}.isdisjoint({"commands", "dead-letters"})
    assert says_facts or not topic.is_open


@events
def test_a_message_is_named_after_a_service_a_noun_a_verb_and_a_major(event: type[Event]) -> None:
    assert TYPE.fullmatch(event.type)
    assert event.type.split(".")[0] == event.topic.owner


@events
def test_a_message_travels_on_a_topic_of_the_registry_with_an_owner_and_a_reader(
    event: type[Event],
) -> None:
    assert event.topic in TOPICS
    assert event.topic.owner in PRODUCERS
    assert event.topic.readers


@events
def test_a_message_stands_in_the_module_of_its_producer_and_major(event: type[Event]) -> None:
    producer, *_, major = event.type.split(".")
    assert event.__module__ == f"contracts.{producer.replace('-', '_')}.{major}"


@events
def test_a_message_says_what_it_means(event: type[Event]) -> None:
    assert event.__doc__
    assert event.__doc__.split("\n")[0].endswith((".", ")", ":"))
