"""Every change of a message is held to every released version, both ways (`stack.md`).

Old readers must take what is said now, and today's readers what was ever said: topics keep.
"""

import copy
import json
from pathlib import Path
from typing import Any

import jsoncompat
import pytest

from contracts.registry import EVENTS
from contracts.render import FOLDER, reader_schema, writer_schema
from contracts.submissions.v1 import ReportReturned

RELEASED = [
    (version.name, path.stem)
    for version in sorted((FOLDER / "released").iterdir())
    for path in sorted((version / "schemas" / "writer").iterdir())
]
MARKS = ("x-topic", "x-key", "x-facts-in")


def released(version: str, side: str, type: str) -> dict[str, Any]:
    """Return a schema as it was released."""
    path = FOLDER / "released" / version / "schemas" / side / f"{type}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def takes(reader: dict[str, Any], writer: dict[str, Any]) -> bool:
    """Say whether ``reader`` takes everything that ``writer`` may say."""
    return jsoncompat.check_compat(json.dumps(reader), json.dumps(writer), "serializer")


def test_there_is_a_released_version_to_be_held_to() -> None:
    assert RELEASED


@pytest.mark.parametrize(("version", "type"), RELEASED)
def test_a_released_message_is_still_said_where_and_in_the_order_it_was(
    version: str, type: str
) -> None:
    assert type in EVENTS, "say the old version until the last reader has moved"
    before, today = released(version, "writer", type), writer_schema(EVENTS[type])
    assert [today[mark] for mark in MARKS] == [before[mark] for mark in MARKS]


@pytest.mark.parametrize(("version", "type"), RELEASED)
def test_readers_of_a_released_version_take_what_is_said_today(version: str, type: str) -> None:
    assert takes(released(version, "reader", type), writer_schema(EVENTS[type]))


@pytest.mark.parametrize(("version", "type"), RELEASED)
def test_readers_of_today_take_what_a_released_version_said(version: str, type: str) -> None:
    assert takes(reader_schema(EVENTS[type]), released(version, "writer", type))


@pytest.mark.parametrize("golden", sorted((FOLDER / "released").glob("*/examples/*.json")), ids=str)
def test_readers_of_today_read_golden_messages(golden: Path) -> None:
    EVENTS[golden.stem].from_bytes(golden.read_bytes())


def removed(schema: dict[str, Any]) -> None:
    """Take a field away."""
    del schema["properties"]["reason"]
    schema["required"].remove("reason")


def retyped(schema: dict[str, Any]) -> None:
    """Make a text a number."""
    schema["properties"]["reason"]["type"] = "integer"


def made_nullable(schema: dict[str, Any]) -> None:
    """Let a text be absent."""
    schema["properties"]["reason"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def listed(schema: dict[str, Any]) -> None:
    """Make the items of a list something else."""
    schema["properties"]["cells"]["items"] = {"type": "object"}


@pytest.mark.parametrize("change", [removed, retyped, made_nullable, listed])
def test_a_change_that_breaks_readers_is_found(change: Any) -> None:
    changed = copy.deepcopy(writer_schema(ReportReturned))
    change(changed)
    assert not takes(reader_schema(ReportReturned), changed)


def test_a_field_that_readers_would_miss_in_old_messages_is_found() -> None:
    changed = copy.deepcopy(reader_schema(ReportReturned))
    changed["properties"]["reviewer"] = {"type": "string"}
    changed["required"].append("reviewer")
    assert not takes(changed, writer_schema(ReportReturned))


def test_an_enum_value_that_old_readers_do_not_know_is_found() -> None:
    suspended = EVENTS["connector-gateway.connection.suspended.v1"]
    changed = copy.deepcopy(writer_schema(suspended))
    changed["$defs"]["Ground"]["enum"].append("STRIKE")
    assert not takes(reader_schema(suspended), changed)


def test_an_optional_field_may_be_added() -> None:
    changed = copy.deepcopy(writer_schema(ReportReturned))
    changed["properties"]["reviewer"] = {"type": "string"}
    changed["required"].append("reviewer")
    assert takes(reader_schema(ReportReturned), changed)
