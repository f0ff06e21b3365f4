"""Small values of the chassis: cursors, traceparents, what counts as down."""

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi as driver

from chassis.errors import Conflict, Unavailable
from chassis.identifiers import new_id
from chassis.outages import is_unavailable
from chassis.paging import InvalidCursor, decode, encode
from chassis.reader import stem_of
from chassis.telemetry import context_of

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

CLOSED: Exception = driver.InterfaceError("connection is closed")  # type: ignore[no-untyped-call]  # SQLAlchemy's
DUPLICATE: Exception = driver.IntegrityError("duplicate key")  # type: ignore[no-untyped-call]  # SQLAlchemy's

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.lists(st.one_of(TEXT, st.integers(-(2**53), 2**53)), min_size=1))
def test_a_cursor_says_what_was_put_into_it(keys: list[str | int]) -> None:
    assert decode(encode(*keys)) == keys


@pytest.mark.parametrize("cursor", ["", "x", "eyJhIjoxfQ", "W1tdXQ", "é", "WyJcdTAwMDAiXQ"])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode(cursor)


@pytest.mark.parametrize("keys", [[], ["a", "b"]], ids=["none", "too many"])
def test_a_cursor_of_another_list_is_refused(keys: list[str]) -> None:
    with pytest.raises(InvalidCursor):
        decode(encode(*keys), 1)


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000


def test_a_traceparent_is_read_as_w3c_writes_it() -> None:
    context = context_of(TRACEPARENT)
    assert context
    assert f"{context.trace_id:032x}" == TRACEPARENT.split("-")[1]


@pytest.mark.parametrize(
    "traceparent", [None, "", "00-zz-00-01", TRACEPARENT[:-3], "00-" + "0" * 32 + "-" + "0" * 16]
)
def test_a_malformed_traceparent_leads_nowhere(traceparent: str | None) -> None:
    assert context_of(traceparent) is None


@pytest.mark.parametrize(
    ("why", "down"),
    [
        (Unavailable(), True),
        (ConnectionResetError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (CLOSED, True),
        (DUPLICATE, False),
        (asyncpg.UniqueViolationError(), False),
        (Conflict(), False),
        (KeyError("x"), False),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(why: Exception, down: bool) -> None:
    assert is_unavailable(why) is down


def test_a_type_without_its_major_is_its_stem() -> None:
    assert stem_of("submissions.report.submitted.v12") == "submissions.report.submitted"
