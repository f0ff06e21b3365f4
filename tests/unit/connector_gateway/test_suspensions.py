"""A suspension order: grounds, notice in full working days, second person, course."""

from datetime import datetime, timedelta

import pytest

from chassis.clock import ZONE
from connector_gateway.domain.held import Choice, HeldChoice
from connector_gateway.domain.suspensions import (
    ORDER_MOVES,
    OrderState,
    Person,
    ScopeKind,
    full_working_days,
)
from connector_gateway.errors.suspensions import (
    EffectiveAtNotAllowed,
    EffectiveAtRequired,
    EndBeforeStart,
    NoticePeriodUnknown,
    NoticeTooShort,
    OrderNotOpen,
    ReasonRequired,
    SamePerson,
    ScopeTooWide,
)
from contracts.connector_gateway.v1 import Ground
from tests.support.exchange import AN, BINH, CALENDAR, NOON, a_suspension

TET_MONDAY = datetime(2026, 2, 23, 8, 0, tzinfo=ZONE)
ALL = HeldChoice()


@pytest.mark.parametrize(
    ("announced", "full_days"),
    [(10, 3), (11, 2), (12, 1), (13, 0), (14, 0), (9, 4)],
    ids=lambda day: f"{day}",
)
def test_full_working_days_are_counted_across_tet(announced: int, full_days: int) -> None:
    notice = datetime(2026, 2, announced, 23, 59, tzinfo=ZONE)
    assert full_working_days(CALENDAR, notice, TET_MONDAY) == full_days


def test_maintenance_after_tet_must_be_announced_by_the_tenth() -> None:
    tenth, eleventh = (datetime(2026, 2, day, 16, 0, tzinfo=ZONE) for day in (10, 11))
    order = a_suspension(Ground.MAINTENANCE, now=tenth, effective_at=TET_MONDAY)
    assert order.state is OrderState.SCHEDULED
    with pytest.raises(NoticeTooShort) as refused:
        a_suspension(Ground.MAINTENANCE, now=eleventh, effective_at=TET_MONDAY)
    assert refused.value.params == {"days": 2, "needed": 3}


def test_days_are_those_of_the_provinces_clock() -> None:
    before_midnight = datetime(2026, 2, 10, 16, 59, tzinfo=ZONE)
    utc = datetime.fromisoformat("2026-02-10T17:01:00+00:00")
    assert full_working_days(CALENDAR, before_midnight, TET_MONDAY) == 3
    assert full_working_days(CALENDAR, utc, TET_MONDAY) == 2


def test_maintenance_beyond_the_known_calendar_is_refused() -> None:
    with pytest.raises(NoticePeriodUnknown):
        a_suspension(Ground.MAINTENANCE, effective_at=datetime(2027, 3, 1, tzinfo=ZONE))


def test_maintenance_needs_a_moment() -> None:
    with pytest.raises(EffectiveAtRequired):
        a_suspension(Ground.MAINTENANCE)


@pytest.mark.parametrize("ground", [Ground.FORCE_MAJEURE, Ground.SECURITY_RISK])
def test_the_other_grounds_take_effect_at_once(ground: Ground) -> None:
    assert a_suspension(ground).effective_at == NOON
    with pytest.raises(EffectiveAtNotAllowed):
        a_suspension(ground, effective_at=NOON + timedelta(hours=1))


@pytest.mark.parametrize("kind", [ScopeKind.SYSTEM, ScopeKind.AGENCY])
def test_a_security_risk_stops_one_connection_only(kind: ScopeKind) -> None:
    with pytest.raises(ScopeTooWide):
        a_suspension(Ground.SECURITY_RISK, scope_kind=kind)


def test_an_order_does_not_end_before_it_begins() -> None:
    with pytest.raises(EndBeforeStart):
        a_suspension(Ground.FORCE_MAJEURE, expected_end=NOON)


def test_nothing_held_is_discarded_in_silence() -> None:
    with pytest.raises(ReasonRequired):
        HeldChoice(Choice.DISCARD)


def test_a_decision_is_read_back_as_it_was_written() -> None:
    choice = HeldChoice(Choice.RANGE, NOON, NOON + timedelta(hours=1), "lý do")
    assert HeldChoice.from_json(choice.to_json()) == choice


def test_lifting_a_security_risk_takes_two_people() -> None:
    order = a_suspension(Ground.SECURITY_RISK)
    order.take_effect(now=NOON)
    order.request_lift("đã thay khóa", ALL, AN, now=NOON)
    with pytest.raises(SamePerson):
        order.approve_lift(AN, now=NOON)
    assert order.approve_lift(BINH, now=NOON) == ALL
    assert order.state is OrderState.LIFTED


@pytest.mark.parametrize("by", [AN, BINH], ids=["whoever ordered it", "another"])
def test_no_one_person_lifts_a_security_risk_alone(by: Person) -> None:
    order = a_suspension(Ground.SECURITY_RISK)
    order.take_effect(now=NOON)
    with pytest.raises(SamePerson):
        order.lift("đã thay khóa", ALL, by, now=NOON)
    assert (order.state, order.ended_at) == (OrderState.IN_FORCE, None)


@pytest.mark.parametrize("ground", [Ground.MAINTENANCE, Ground.FORCE_MAJEURE])
def test_one_person_lifts_an_order_on_the_other_grounds(ground: Ground) -> None:
    before = datetime(2026, 2, 9, 9, 0, tzinfo=ZONE)
    terms = {"effective_at": TET_MONDAY} if ground is Ground.MAINTENANCE else {}
    order = a_suspension(ground, now=before, **terms)
    order.take_effect(now=TET_MONDAY)
    order.lift("đã xong", ALL, AN, now=TET_MONDAY)
    assert (order.state, order.ended_at) == (OrderState.LIFTED, TET_MONDAY)


def test_a_lift_that_nobody_requested_cannot_be_approved() -> None:
    order = a_suspension(Ground.SECURITY_RISK)
    order.take_effect(now=NOON)
    with pytest.raises(OrderNotOpen):
        order.approve_lift(BINH, now=NOON)


def test_an_order_in_force_cannot_be_cancelled() -> None:
    order = a_suspension(Ground.FORCE_MAJEURE)
    order.take_effect(now=NOON)
    with pytest.raises(OrderNotOpen):
        order.cancel("nhầm", AN, now=NOON)


def test_maintenance_whose_notice_nobody_could_read_does_not_begin() -> None:
    order = a_suspension(
        Ground.MAINTENANCE, now=datetime(2026, 2, 9, 9, 0, tzinfo=ZONE), effective_at=TET_MONDAY
    )
    assert order.why_not_in_force(CALENDAR, now=TET_MONDAY) == "notice-not-visible"
    order.notice_became_visible(datetime(2026, 2, 11, 0, 5, tzinfo=ZONE))
    assert order.why_not_in_force(CALENDAR, now=TET_MONDAY) == "notice-too-short"


def test_maintenance_with_its_notice_in_time_begins() -> None:
    order = a_suspension(
        Ground.MAINTENANCE, now=datetime(2026, 2, 9, 9, 0, tzinfo=ZONE), effective_at=TET_MONDAY
    )
    order.notice_became_visible(datetime(2026, 2, 9, 9, 1, tzinfo=ZONE))
    assert order.why_not_in_force(CALENDAR, now=TET_MONDAY) is None


def test_a_notice_is_visible_from_its_first_moment_on() -> None:
    order = a_suspension(Ground.FORCE_MAJEURE)
    order.notice_became_visible(NOON)
    order.notice_became_visible(NOON + timedelta(hours=1))
    assert order.notice_visible_at == NOON


@pytest.mark.parametrize("state", ["LIFTED", "CANCELLED", "FAILED"])
def test_an_ended_order_stays_ended(state: str) -> None:
    assert not ORDER_MOVES[OrderState(state)]
