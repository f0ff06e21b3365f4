"""What the registry says of services is what they do, and what their READMEs say."""

import ast
import importlib
import re

import pytest

from chassis.delivery import Consumers
from chassis.keys import key_consumers
from contracts.event import Event
from contracts.registry import EVENTS, PRODUCERS
from contracts.topics import ALL, TOPICS, Service
from tests.support.sources import ROOT, modules, name_of

MESSAGE = re.compile(r"`([a-z-]+(?:\.[a-z-]+){2,}\.v\d+)`")

SERVICES: tuple[Service, ...] = tuple(name for name in ALL if name in PRODUCERS)
services = pytest.mark.parametrize("service", SERVICES)


def heard_by(service: Service) -> set[str]:
    """Return the types for which a service has a handler."""
    package = service.replace("-", "_")
    own: Consumers = importlib.import_module(f"{package}.consumers").consumers
    return own.merged(key_consumers(service)).types


def said_by(service: Service) -> set[str]:
    """Return the types that a service should say, by the registry."""
    return {type for type, event in EVENTS.items() if service in event.topic.senders}


def listed(service: str, section: str) -> list[str]:
    """Return the messages that a section of a service's README names."""
    text = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    return MESSAGE.findall(sections[section])


@services
def test_a_service_reads_the_topics_of_which_the_registry_calls_it_a_reader(
    service: Service,
) -> None:
    read = {EVENTS[type].topic.name for type in heard_by(service)}
    named = {
        topic.name
        for topic in TOPICS
        if service in topic.readers and not topic.name.endswith(".dead-letters.v1")
    }
    assert read == named


@services
def test_a_service_says_the_messages_of_its_topics_and_no_others(service: Service) -> None:
    names = {event.__name__: type for type, event in EVENTS.items()}
    used = {
        names[name]
        for module in modules(f"services/{service}/src")
        for call in module.calls()
        for name in makes(call)
        if name in names
    }
    assert said_by(service) <= used
    assert used <= said_by(service) | heard_by(service)  # what it heard it may read again


def makes(call: ast.Call) -> list[str]:
    """Return the names of what a call may make: of a class, or of the bytes of a message."""
    if name_of(call.func) == "publish_bytes":
        return [name_of(argument) for argument in call.args]
    return [name_of(call.func).removesuffix(".model_validate")]


@services
def test_a_readme_lists_what_its_service_says(service: Service) -> None:
    assert sorted(listed(service, "Says")) == sorted(said_by(service))


@services
def test_a_readme_lists_what_its_service_listens_to(service: Service) -> None:
    shared = key_consumers(service).types
    named = listed(service, "Listens to")
    assert sorted(set(named) - shared) == sorted(heard_by(service) - shared)
    assert set(named) <= heard_by(service)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_a_message_is_heard_by_somebody(event: type[Event]) -> None:
    if event.type in UNHEARD:
        return
    assert [service for service in SERVICES if event.type in heard_by(service)]


UNHEARD = {
    "submissions.consolidation.completed.v1",
}
"""Said for who comes later: analysis. Whoever begins to listen takes it out of here."""
