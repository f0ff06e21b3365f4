"""When a session is over, and how long a try has to wait after failures."""

from datetime import timedelta

import pytest

from accounts.domain.sessions import Failures
from contracts.accounts.v1 import Role
from tests.support.builders_accounts import NOON, a_session, an_account


@pytest.mark.parametrize(
    ("role", "minutes", "over"),
    [
        (Role.OFFICER, 19, False),
        (Role.OFFICER, 20, True),
        (Role.ADMINISTRATOR, 9, False),
        (Role.ADMINISTRATOR, 10, True),
    ],
)
def test_a_session_ends_when_idle(role: Role, minutes: int, over: bool) -> None:
    account = an_account(role)
    assert a_session(account).is_over(account, NOON + timedelta(minutes=minutes)) is over


def test_a_session_in_use_ends_with_its_longest_day() -> None:
    account = an_account()
    later = NOON + timedelta(hours=12)
    session = a_session(account, used_at=later - timedelta(minutes=1))
    assert not session.is_over(account, later - timedelta(seconds=1))
    assert session.is_over(account, later)


def test_a_session_ends_by_act_and_with_its_account() -> None:
    account = an_account()
    assert a_session(account, ended_at=NOON).is_over(account, NOON)
    account.lock("Mất máy", by="quan-tri", request_id=None, now=NOON)
    assert a_session(account).is_over(account, NOON)


@pytest.mark.parametrize(
    ("times", "wait"),
    [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (10, 64), (13, 512), (14, 900), (10_000, 900)],
)
def test_the_wait_doubles_from_the_fifth_failure_on(times: int, wait: int) -> None:
    failures = Failures(name_hash="…", times=times, failed_at=NOON)
    assert failures.wait(NOON) == wait
    assert failures.wait(NOON + timedelta(seconds=wait)) == 0


def test_part_of_a_second_still_waits() -> None:
    failures = Failures(name_hash="…", times=5, failed_at=NOON)
    assert failures.wait(NOON + timedelta(milliseconds=1999)) == 1


def test_a_day_without_failures_forgets_them() -> None:
    failures = Failures(name_hash="…", times=7, failed_at=NOON)
    failures.count(NOON + timedelta(days=1))
    assert failures.times == 1
