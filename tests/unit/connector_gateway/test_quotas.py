"""Quotas: a bucket that refills at its pace, bytes by the day of Vietnam, what senders hear."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_gateway.domain.quotas import Purse, Quota, Spent
from connector_gateway.errors.policies import QuotaExceeded
from contracts.calendar import ZONE
from tests.support.exchange import NOON

MIDNIGHT = datetime(2026, 6, 16, tzinfo=ZONE)


def test_a_burst_may_come_at_once_and_the_next_waits_for_the_pace() -> None:
    purse = Purse(Quota(deliveries_per_minute=30, burst=3), Spent())
    for _ in range(3):
        purse.spend(1, NOON)
    with pytest.raises(QuotaExceeded) as refused:
        purse.spend(1, NOON)
    assert refused.value.headers["Retry-After"] == "2"
    purse.spend(1, NOON + timedelta(seconds=2))


def test_without_a_burst_those_of_a_minute_may_come_at_once() -> None:
    purse = Purse(Quota(deliveries_per_minute=2), Spent())
    purse.spend(1, NOON)
    purse.spend(1, NOON)
    with pytest.raises(QuotaExceeded):
        purse.spend(1, NOON)


def test_bytes_count_until_midnight_in_vietnam() -> None:
    purse = Purse(Quota(bytes_per_day=100), Spent())
    before = MIDNIGHT - timedelta(seconds=90)
    purse.spend(60, before)
    with pytest.raises(QuotaExceeded) as refused:
        purse.spend(41, before)
    assert refused.value.headers["Retry-After"] == "90"
    purse.spend(40, before)
    purse.spend(100, MIDNIGHT)


def test_a_refused_delivery_takes_nothing() -> None:
    purse = Purse(Quota(deliveries_per_minute=1, bytes_per_day=100), Spent())
    with pytest.raises(QuotaExceeded):
        purse.spend(101, NOON)
    assert purse.spent == Spent()


def test_the_sender_is_told_what_is_left_and_when_all_of_it_is_there_again() -> None:
    purse = Purse(Quota(deliveries_per_minute=60, burst=10, bytes_per_day=1000), Spent())
    purse.spend(300, MIDNIGHT - timedelta(hours=1))
    assert purse.headers(MIDNIGHT - timedelta(hours=1)) == {
        "RateLimit-Policy": '"burst";q=10;w=10, "day";q=1000;qu="content-bytes";w=86400',
        "RateLimit": '"burst";r=9;t=1, "day";r=700;t=3600',
    }


@given(
    per_minute=st.integers(1, 1000),
    burst=st.integers(1, 50),
    pauses=st.lists(st.integers(0, 20_000), max_size=80),
)
def test_no_window_ever_holds_more_than_burst_and_pace_allow(
    per_minute: int, burst: int, pauses: list[int]
) -> None:
    purse = Purse(Quota(deliveries_per_minute=per_minute, burst=burst), Spent())
    moment, taken = NOON, []
    for pause in pauses:
        moment += timedelta(milliseconds=pause)
        try:
            purse.spend(1, moment)
        except QuotaExceeded:
            continue
        taken.append(moment)
    for start, first in enumerate(taken):
        for count, last in enumerate(taken[start:], start=1):
            allowed = burst + (last - first) / timedelta(minutes=1) * per_minute
            assert count <= allowed + 0.001
