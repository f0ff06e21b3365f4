"""A suspension order (lệnh tạm ngừng): ground, notice, effect and end, as Điều 8 has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from connector_gateway.domain import Moment, Table, words
from connector_gateway.domain.held import HeldChoice
from connector_gateway.errors.suspensions import (
    EffectiveAtNotAllowed,
    EffectiveAtRequired,
    EndBeforeStart,
    NoticePeriodUnknown,
    NoticeTooShort,
    OrderNotOpen,
    SamePerson,
    ScopeTooWide,
)
from contracts.calendar import ZONE, CalendarUnknown, WorkingCalendar
from contracts.connector_gateway.v1 import Direction, Ground

NOTICE_DAYS = 3
"""Full working days between notice and start for ground a (Điều 8.2)."""
CUSTOMARY_NOTICE_DAYS = 7
"""What NĐ 47 asked for outside agencies: below it the one who orders is warned."""


class ScopeKind(StrEnum):
    """How far an order reaches."""

    SYSTEM = "system"
    AGENCY = "agency"
    CONNECTION = "connection"


class OrderState(StrEnum):
    """The course of an order."""

    SCHEDULED = "SCHEDULED"
    IN_FORCE = "IN_FORCE"
    LIFT_REQUESTED = "LIFT_REQUESTED"
    LIFTED = "LIFTED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    """Its notice did not get out in time, so it did not take effect."""


ORDER_MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.SCHEDULED: frozenset({OrderState.IN_FORCE, OrderState.CANCELLED, OrderState.FAILED}),
    OrderState.IN_FORCE: frozenset({OrderState.LIFT_REQUESTED, OrderState.LIFTED}),
    OrderState.LIFT_REQUESTED: frozenset({OrderState.LIFTED}),
    OrderState.LIFTED: frozenset(),
    OrderState.CANCELLED: frozenset(),
    OrderState.FAILED: frozenset(),
}
IN_FORCE = frozenset({OrderState.IN_FORCE, OrderState.LIFT_REQUESTED})


@dataclass(frozen=True)
class Person:
    """Whoever acts: account id and name."""

    subject: str
    name: str


@dataclass(frozen=True)
class Order:
    """What somebody asks for; ``Suspension.of`` turns it into an order or refuses it."""

    ground: Ground
    scope_kind: ScopeKind
    scope_code: str
    directions: Sequence[Direction]
    public_reason: str
    internal_reason: str | None
    effective_at: datetime | None
    expected_end: datetime | None
    includes_essential: bool = False


class Suspension(Table, table=True):
    """An order; the database keeps its facts from change and its notice from being too short."""

    __tablename__ = "suspensions"

    id: UUID = Field(primary_key=True)
    ground: Ground = Field(sa_column=Column(words(Ground), nullable=False))
    scope_kind: ScopeKind = Field(sa_column=Column(words(ScopeKind), nullable=False))
    scope_code: str = Field(sa_type=Text)
    directions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    includes_essential: bool
    public_reason: str = Field(sa_type=Text)
    internal_reason: str | None = Field(default=None, sa_type=Text)
    requested_by: str = Field(sa_type=Text)
    requested_by_name: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=Moment)
    notice_id: UUID = Field(unique=True)
    effective_at: datetime = Field(sa_type=Moment)
    expected_end: datetime | None = Field(default=None, sa_type=Moment)
    state: OrderState = Field(
        default=OrderState.SCHEDULED, sa_column=Column(words(OrderState), nullable=False)
    )
    notice_visible_at: datetime | None = Field(default=None, sa_type=Moment)
    in_force_at: datetime | None = Field(default=None, sa_type=Moment)
    failure: str | None = Field(default=None, sa_type=Text)
    remedy: str | None = Field(default=None, sa_type=Text)
    held_choice: dict[str, str | None] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True))
    )
    lift_requested_by: str | None = Field(default=None, sa_type=Text)
    lift_requested_by_name: str | None = Field(default=None, sa_type=Text)
    lift_requested_at: datetime | None = Field(default=None, sa_type=Moment)
    lift_approved_by: str | None = Field(default=None, sa_type=Text)
    lift_approved_by_name: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)

    @classmethod
    def of(
        cls, order: Order, by: Person, calendar: WorkingCalendar, *, ids: "Ids", now: datetime
    ) -> "Suspension":
        """Write out an order; raises where Điều 8 does not allow it.

        Ground a needs ``effective_at`` with three full working days before it (``NoticeTooShort``);
        grounds b and c take effect at once, and c stops one connection only (``ScopeTooWide``).
        """
        if order.ground is Ground.SECURITY_RISK and order.scope_kind is not ScopeKind.CONNECTION:
            raise ScopeTooWide
        effective_at = _start_of(order, calendar, now=now)
        if order.expected_end and order.expected_end <= effective_at:
            raise EndBeforeStart
        return cls(
            id=ids.order,
            ground=order.ground,
            scope_kind=order.scope_kind,
            scope_code=order.scope_code,
            directions=[direction.value for direction in order.directions],
            includes_essential=order.includes_essential,
            public_reason=order.public_reason,
            internal_reason=order.internal_reason,
            requested_by=by.subject,
            requested_by_name=by.name,
            requested_at=now,
            notice_id=ids.notice,
            effective_at=effective_at,
            expected_end=order.expected_end,
        )

    @property
    def is_immediate(self) -> bool:
        """Say whether it takes effect with its commit (grounds b and c)."""
        return self.ground is not Ground.MAINTENANCE

    @property
    def is_open(self) -> bool:
        """Say whether it waits for its moment or is in force."""
        return bool(ORDER_MOVES[self.state])

    @property
    def needs_second_person(self) -> bool:
        """Say whether one person alone cannot lift it (ground c)."""
        return self.ground is Ground.SECURITY_RISK

    def concerns(self, direction: Direction) -> bool:
        """Say whether it stops ``direction``."""
        return direction.value in self.directions

    def notice_became_visible(self, at: datetime) -> None:
        """Remember when the public could read the notice: ground a counts from then."""
        if self.notice_visible_at is None:
            self.notice_visible_at = at

    def take_effect(self, *, now: datetime) -> None:
        """Put the order in force."""
        self._move(OrderState.IN_FORCE)
        self.in_force_at = now

    def fail(self, why: str, *, now: datetime) -> None:
        """Leave the order without effect, and say why."""
        self._move(OrderState.FAILED)
        self.failure = why
        self.ended_at = now

    def cancel(self, remedy: str, by: Person, *, now: datetime) -> None:
        """Take back an order that has not taken effect."""
        self._move(OrderState.CANCELLED)
        self._record_lift(remedy, None, by, now=now)
        self.ended_at = now

    def request_lift(self, remedy: str, held: HeldChoice, by: Person, *, now: datetime) -> None:
        """Write down remedy and decision, for a second person to approve (ground c)."""
        self._move(OrderState.LIFT_REQUESTED)
        self._record_lift(remedy, held, by, now=now)

    def lift(self, remedy: str, held: HeldChoice, by: Person, *, now: datetime) -> None:
        """End the order by one person; raises ``SamePerson`` where it takes two (Điều 8.1c)."""
        if self.needs_second_person:
            raise SamePerson
        self._move(OrderState.LIFTED)
        self._record_lift(remedy, held, by, now=now)
        self.ended_at = now

    def approve_lift(self, by: Person, *, now: datetime) -> HeldChoice:
        """End the order as requested; raises ``SamePerson`` for whoever requested it (Điều 8.3)."""
        if self.state is not OrderState.LIFT_REQUESTED or self.held_choice is None:
            raise OrderNotOpen(state=self.state)
        if self.lift_requested_by == by.subject:
            raise SamePerson
        self._move(OrderState.LIFTED)
        self.lift_approved_by = by.subject
        self.lift_approved_by_name = by.name
        self.ended_at = now
        return HeldChoice.from_json(self.held_choice)

    def why_not_in_force(self, calendar: WorkingCalendar, *, now: datetime) -> str | None:
        """Return what keeps a due maintenance from taking effect (Điều 8.2), a slug, or None.

        Its days count from the moment at which the public could read the notice.
        """
        if self.notice_visible_at is None:
            return "notice-not-visible"
        try:
            days = full_working_days(calendar, self.notice_visible_at, now)
        except NoticePeriodUnknown:
            return NoticePeriodUnknown.slug
        return None if days >= NOTICE_DAYS else NoticeTooShort.slug

    def _record_lift(
        self, remedy: str, held: HeldChoice | None, by: Person, *, now: datetime
    ) -> None:
        self.remedy = remedy
        self.held_choice = held.to_json() if held else None
        self.lift_requested_by = by.subject
        self.lift_requested_by_name = by.name
        self.lift_requested_at = now

    def _move(self, to: OrderState) -> None:
        if to not in ORDER_MOVES[self.state]:
            raise OrderNotOpen(state=self.state)
        self.state = to


@dataclass(frozen=True)
class Ids:
    """The ids of a new order and of its notice."""

    order: UUID
    notice: UUID


def full_working_days(calendar: WorkingCalendar, notice: datetime, start: datetime) -> int:
    """Count full working days between two moments; raises ``NoticePeriodUnknown``."""
    try:
        return calendar.full_days_between(
            notice.astimezone(ZONE).date(), start.astimezone(ZONE).date()
        )
    except CalendarUnknown as year:
        raise NoticePeriodUnknown(year=year.args[0]) from year


def _start_of(order: Order, calendar: WorkingCalendar, *, now: datetime) -> datetime:
    """Return when an order takes effect; raises ``NoticeTooShort`` (Điều 8.2)."""
    if order.ground is not Ground.MAINTENANCE:
        if order.effective_at and order.effective_at > now:
            raise EffectiveAtNotAllowed(ground=order.ground)
        return now
    if order.effective_at is None:
        raise EffectiveAtRequired
    days = full_working_days(calendar, now, order.effective_at)
    if days < NOTICE_DAYS:
        raise NoticeTooShort.of(days, NOTICE_DAYS, earliest=earliest_start(calendar, now))
    return order.effective_at


def earliest_start(calendar: WorkingCalendar, notice: datetime) -> date:
    """Return the first day on which maintenance announced at ``notice`` may begin (Điều 8.2)."""
    try:
        return calendar.after(notice.astimezone(ZONE).date(), NOTICE_DAYS) + timedelta(days=1)
    except CalendarUnknown as year:
        raise NoticePeriodUnknown(year=year.args[0]) from year
