"""One real-looking example of every message, which its writer could have said."""

import json
import unicodedata
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts.event import Event
from contracts.registry import EVENTS
from contracts.render import FOLDER, reader_schema, writer_schema

EXAMPLES = FOLDER / "examples"


def example_file(event: type[Event]) -> Path:
    """Return where the example of ``event`` stands."""
    return EXAMPLES / f"{event.type}.json"


def test_every_message_has_its_example_and_nothing_else_has_one() -> None:
    facts = {f"{type}.json" for type in EVENTS}
    bodies = {f"{type}.body" for type, event in EVENTS.items() if event.facts_in == "headers"}
    assert {path.name for path in EXAMPLES.iterdir()} == facts | bodies


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_example_is_valid_for_writer_and_reader(event: type[Event]) -> None:
    example = json.loads(example_file(event).read_text(encoding="utf-8"))
    for schema in (writer_schema(event), reader_schema(event)):
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(example)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_example_comes_back_as_it_was_said(event: type[Event]) -> None:
    said = event.from_bytes(example_file(event).read_bytes())
    assert event.from_bytes(said.to_bytes()) == said
    assert said.ordering_key
    Draft202012Validator(writer_schema(event)).validate(json.loads(said.to_bytes()))


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_examples_are_written_in_nfc(event: type[Event]) -> None:
    text = example_file(event).read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
