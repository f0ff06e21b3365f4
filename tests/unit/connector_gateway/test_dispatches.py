"""Outbound work: how a try ends, when the next one comes, what may start at all."""

from datetime import timedelta
from uuid import UUID

import pytest

from connector_gateway.domain.breakers import FAILURES, BreakerState
from connector_gateway.domain.connections import AdminState
from connector_gateway.domain.dispatches import (
    RETRY_AFTER,
    Answer,
    DispatchState,
    home_of,
    places,
    ramp,
    ramp_seconds,
    retry_in,
)
from tests.support.exchange import NOON, a_breaker, a_dispatch, failures

OPENED = [NOON] * FAILURES
PAUSE = timedelta(seconds=5)
REPLICAS = [UUID(int=number) for number in (1, 2, 3)]
CODES = [f"ket-noi-{number}" for number in range(100)]


def test_a_success_is_delivered_even_while_stopped() -> None:
    dispatch = a_dispatch()
    dispatch.settle(Answer(status=204), is_stopped=True, now=NOON)
    assert dispatch.state is DispatchState.DELIVERED


def test_a_failure_is_tried_again_later() -> None:
    dispatch = a_dispatch()
    dispatch.settle(Answer(status=500), is_stopped=False, now=NOON)
    assert dispatch.state is DispatchState.WAITING
    assert timedelta(seconds=4) <= dispatch.next_attempt_at - NOON <= timedelta(seconds=6)


def test_a_receiver_says_when_to_come_back() -> None:
    dispatch = a_dispatch()
    dispatch.settle(Answer(status=503, retry_after=77), is_stopped=False, now=NOON)
    assert dispatch.next_attempt_at == NOON + timedelta(seconds=77)


def test_a_failure_during_a_suspension_is_held() -> None:
    dispatch = a_dispatch()
    dispatch.settle(Answer(problem="cut-off", was_cut_off=True), is_stopped=True, now=NOON)
    assert (dispatch.state, dispatch.held_at) == (DispatchState.HELD, NOON)


def test_the_webhook_id_is_the_same_on_every_try() -> None:
    dispatch = a_dispatch()
    before = dispatch.webhook_id
    dispatch.settle(Answer(status=500), is_stopped=False, now=NOON)
    assert dispatch.webhook_id == before


def test_after_75_hours_a_dispatch_has_failed() -> None:
    assert sum(RETRY_AFTER) == pytest.approx(75 * 3600, rel=0.05)
    dispatch = a_dispatch(attempts=len(RETRY_AFTER) + 1)
    dispatch.settle(Answer(status=500), is_stopped=False, now=NOON)
    assert dispatch.state is DispatchState.FAILED


@pytest.mark.parametrize(
    ("asked", "seconds"), [(0.0, 1), (30.0, 30), (1e9, 86400)], ids=["soon", "asked", "for ever"]
)
def test_what_a_receiver_asks_for_is_bounded(asked: float, seconds: int) -> None:
    assert retry_in(1, asked) == timedelta(seconds=seconds)


def test_tries_are_spread_by_chance() -> None:
    assert retry_in(1, None, luck=0) < retry_in(1, None, luck=1)


@pytest.mark.parametrize("state", list(AdminState), ids=str)
def test_nothing_starts_where_people_have_stopped_it(state: AdminState) -> None:
    free = places(state, a_breaker(), since=60, now=NOON, slots=10)
    assert bool(free) is (state in ("ACTIVE", "SCHEDULED", "RESUMING"))


def test_resuming_goes_up_a_ramp() -> None:
    assert [ramp(since) for since in (-1, 0, 4.9, 5, 9.9, 10, 1000)] == [1, 1, 1, 10, 10, 50, 50]


@pytest.mark.parametrize("count", [0, 1, 5, 6, 15, 55, 56, 105, 10_000])
def test_what_resumes_has_started_no_sooner_than_the_ramp_lets_it(count: int) -> None:
    seconds = ramp_seconds(count)
    assert sum(ramp(since) for since in range(seconds)) >= count
    assert sum(ramp(since) for since in range(seconds - 1)) < count or not count


def test_every_connection_has_one_home_whoever_asks_and_homes_are_spread() -> None:
    homes = [home_of(code, REPLICAS) for code in CODES]
    assert homes == [home_of(code, REPLICAS[::-1]) for code in CODES]
    assert min(map(homes.count, REPLICAS)) > len(CODES) / 6


def test_the_only_replica_is_the_home_of_all() -> None:
    assert {home_of(code, REPLICAS[:1]) for code in CODES} == {REPLICAS[0]}


def test_a_replica_that_goes_moves_only_what_was_its_own() -> None:
    gone, *left = REPLICAS
    moved = {code for code in CODES if home_of(code, left) != home_of(code, REPLICAS)}
    assert moved == {code for code in CODES if home_of(code, REPLICAS) == gone}


def test_a_breaker_opens_after_failures_in_a_row() -> None:
    assert failures(a_breaker(), OPENED[:-1]).state is BreakerState.CLOSED
    assert failures(a_breaker(), OPENED).state is BreakerState.OPEN


def test_a_success_forgets_earlier_failures() -> None:
    breaker = failures(a_breaker(), OPENED[:-1])
    breaker.record_success()
    breaker.record_failure(now=NOON)
    assert breaker.state is BreakerState.CLOSED


def test_an_open_breaker_lets_one_probe_through_after_its_pause() -> None:
    breaker = failures(a_breaker(), OPENED)
    assert places(AdminState.ACTIVE, breaker, since=60, now=NOON, slots=10) == 0
    later = NOON + PAUSE
    assert places(AdminState.ACTIVE, breaker, since=60, now=later, slots=10) == 1
    breaker.probe(now=later)
    assert places(AdminState.ACTIVE, breaker, since=60, now=later, slots=10) == 0


def test_a_failed_probe_pauses_for_twice_as_long() -> None:
    breaker = failures(a_breaker(), OPENED)
    breaker.probe(now=NOON + PAUSE)
    breaker.record_failure(now=NOON + PAUSE)
    assert breaker.retry_at == NOON + PAUSE + 2 * PAUSE


def test_a_probe_that_succeeds_closes_the_breaker() -> None:
    breaker = failures(a_breaker(), OPENED)
    breaker.probe(now=NOON + PAUSE)
    breaker.record_success()
    assert breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("state", ["SUSPENDED", "DRAINING", "REVOKED"])
def test_a_half_open_breaker_cannot_start_what_people_have_stopped(state: str) -> None:
    breaker = failures(a_breaker(), OPENED)
    breaker.probe(now=NOON)
    later = NOON + timedelta(hours=1)
    assert places(AdminState(state), breaker, since=60, now=later, slots=10) == 0
