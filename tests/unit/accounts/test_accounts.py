"""When a password is due, and what an account that is locked keeps (Điều 2, 4)."""

from datetime import date, datetime, timedelta

import pytest

from accounts.domain.accounts import months_after
from accounts.errors import AccountAlreadyLocked
from chassis.clock import ZONE
from chassis.identifiers import new_id
from contracts.accounts.v1 import Role
from tests.support.builders_accounts import NOON, an_account


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 15), 6, date(2026, 7, 15)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 31), 6, date(2026, 9, 30)),
    ],
    ids=str,
)
def test_months_are_those_of_the_calendar(start: date, months: int, end: date) -> None:
    moment = datetime.combine(start, NOON.timetz())
    assert months_after(moment, months) == datetime.combine(end, NOON.timetz())


@pytest.mark.parametrize(
    ("roles", "last_day"),
    [((Role.OFFICER,), date(2026, 9, 30)), ((Role.ADMINISTRATOR,), date(2026, 5, 31))],
    ids=["six months for users", "two for administrators"],
)
def test_a_password_is_due_on_its_day(roles: tuple[Role, ...], last_day: date) -> None:
    account = an_account(*roles)
    due = datetime.combine(last_day, NOON.timetz())
    assert not account.must_change_password(due - timedelta(seconds=1))
    assert account.must_change_password(due)


def test_a_password_that_somebody_else_chose_is_due_at_once() -> None:
    account = an_account(is_initial_password=True)
    assert account.must_change_password(NOON)
    account.change_password("…", now=NOON)
    assert not account.must_change_password(NOON)


def test_there_are_no_rights_before_a_due_password_is_changed() -> None:
    account = an_account(Role.OPERATOR)
    assert account.rights(NOON) == ["operator"]
    assert account.rights(datetime(2027, 1, 1, tzinfo=ZONE)) == []


def test_a_locked_account_is_not_locked_again() -> None:
    account = an_account()
    account.lock("Mất máy", by="quan-tri", request_id=None, now=NOON)
    with pytest.raises(AccountAlreadyLocked):
        account.lock("Nghỉ hưu", by="quan-tri", request_id=new_id(), now=NOON)
    assert (account.lock_reason, account.locked_at) == ("Mất máy", NOON)


def test_only_a_lock_in_an_emergency_awaits_its_request() -> None:
    sudden, asked = an_account(), an_account()
    sudden.lock("Mất máy", by="quan-tri", request_id=None, now=NOON)
    asked.lock("retirement", by="quan-tri", request_id=new_id(), now=NOON)
    assert [one.awaits_lock_request for one in (sudden, asked, an_account())] == [
        True,
        False,
        False,
    ]


def test_a_check_against_an_old_password_or_a_locked_account_lets_nobody_in() -> None:
    account = an_account(password_hash="neu")
    assert account.is_open_with("neu")
    assert not account.is_open_with("alt")
    account.lock("Mất máy", by="quan-tri", request_id=None, now=NOON)
    assert not account.is_open_with("neu")
