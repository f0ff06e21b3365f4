"""The base of messages: frozen facts with a type, a way and an order."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.event import EVENTS, Event
from contracts.headers import header_name
from contracts.submissions.v1 import ReportAccepted
from contracts.topics import REPORTS
from tests.support.examples import example_of

ACCEPTED = ReportAccepted.from_bytes(example_of(ReportAccepted.type))


@pytest.fixture(autouse=True)
def _registry_as_it_was() -> Iterator[None]:
    """Take messages that a test defines out of the registry again."""
    before = dict(EVENTS)
    yield
    EVENTS.clear()
    EVENTS.update(before)


def test_a_message_is_ordered_by_its_key() -> None:
    assert ACCEPTED.ordering_key == str(ACCEPTED.report_id)


def test_a_message_is_never_changed() -> None:
    with pytest.raises(ValidationError):
        ACCEPTED.version = 2  # type: ignore[misc]  # this is what must not work


def test_unknown_fields_pass_so_that_one_may_be_added() -> None:
    value = ACCEPTED.to_bytes().replace(b"{", b'{"reviewer": "x", ', 1)
    assert ReportAccepted.from_bytes(value) == ACCEPTED


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]", b"{", b"\xff", b"null"])
def test_what_is_not_this_message_is_refused(value: bytes) -> None:
    with pytest.raises(ValidationError):
        ReportAccepted.from_bytes(value)


def test_vietnamese_letters_travel_as_they_are() -> None:
    class NoteWritten(Event, type="submissions.note.written.v1", topic=REPORTS, key="note"):
        """A note."""

        note: str

    assert NoteWritten(note="Thọ Xương").to_bytes() == '{"note":"Thọ Xương"}'.encode()
    assert EVENTS["submissions.note.written.v1"] is NoteWritten


def test_two_messages_cannot_have_one_type() -> None:
    with pytest.raises(TypeError, match="already said by ReportAccepted"):

        class Again(Event, type=ReportAccepted.type, topic=REPORTS, key="report_id"):
            """The same type."""

            report_id: UUID


def test_a_message_cannot_be_ordered_by_what_it_does_not_say() -> None:
    with pytest.raises(TypeError, match="no field report_id"):

        class Keyless(Event, type="submissions.keyless.said.v1", topic=REPORTS, key="report_id"):
            """No key."""

            unit: str


@pytest.mark.parametrize(
    ("field", "header"), [("receipt_id", "ce_receiptid"), ("connection", "ce_connection")]
)
def test_a_fact_in_a_header_has_a_name_of_letters_only(field: str, header: str) -> None:
    assert header_name(field) == header
