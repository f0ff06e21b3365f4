"""Reports that are due, and when people are reminded of them: in working days, ever more people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from uuid import UUID

from contracts.calendar import ZONE, WorkingCalendar
from notifications.domain.messages import HEADS, REVIEWERS, UNIT, Audience, Message, worded
from notifications.domain.wording import moment, wording

REMIND_FROM = time(7)
"""Nobody is reminded before, nor on a day that is not worked."""
LOOK_BACK = timedelta(days=30)
"""How long after its due day a report that was never sent is still escalated, once."""
LOOK_AHEAD = timedelta(days=21)
"""Three working days lie within it, Tết included."""
NAMED = 20
"""How many units a reviewer's message names; the progress board names all."""


class Stage(StrEnum):
    """How near a due day is, counted in working days."""

    THREE_DAYS_BEFORE = "three-days-before"
    ONE_DAY_BEFORE = "one-day-before"
    ON_THE_DAY = "on-the-day"
    DAY_AFTER = "day-after"


@dataclass(frozen=True)
class Duty:
    """A report that a unit owes, with the names that people read."""

    report_id: UUID
    regime: str
    regime_name: str
    period: str
    unit: str
    unit_name: str
    lead_agency: str
    due_at: datetime


@dataclass(frozen=True)
class Turn:
    """The reports due on a day are in a stage; who was told of the due day since is not yet."""

    due_on: date
    stage: Stage
    told_before: datetime


def stage_on(calendar: WorkingCalendar, today: date, due_on: date) -> Stage | None:
    """Return the stage in which a report due on ``due_on`` is on a worked day.

    A stage lasts until the next begins, so that a reminder that a stopped service missed is made
    up for as long as it is true. Raises ``CalendarUnknown``.
    """
    if due_on < today:
        return Stage.DAY_AFTER
    left = calendar.full_days_between(today, due_on)
    left += due_on > today and calendar.is_working(due_on)
    if left > 3:
        return None
    return (Stage.ON_THE_DAY, Stage.ONE_DAY_BEFORE)[left] if left < 2 else Stage.THREE_DAYS_BEFORE


def turns(calendar: WorkingCalendar, due_days: Iterable[date], *, now: datetime) -> list[Turn]:
    """Return which due days are in which stage now; none before 07:00 and on days off."""
    today = now.astimezone(ZONE).date()
    days = sorted(due_days)
    if not days or now.astimezone(ZONE).time() < REMIND_FROM or not calendar.is_working(today):
        return []
    stages = [(day, stage_on(calendar, today, day)) for day in days]
    return [
        Turn(day, stage, _began(calendar, today, day, stage, now=now))
        for day, stage in stages
        if stage
    ]


def _began(
    calendar: WorkingCalendar, today: date, due_on: date, stage: Stage, *, now: datetime
) -> datetime:
    """Return the beginning of the first day of a stage; whoever is overdue is always told."""
    if stage is Stage.DAY_AFTER:
        return now
    first = today
    while stage_on(calendar, first - timedelta(days=1), due_on) is stage:
        first -= timedelta(days=1)
    return datetime.combine(first, time(), ZONE)


def reminders(duties: Sequence[tuple[Stage, Duty]]) -> list[Message]:
    """Return what is told of duties that have come to a stage, ordered by regime and period.

    Before the deadline officers and heads of the unit are reminded; after it the matter goes up:
    to the unit's head, and once a regime and period to the lead agency's reviewers (Điều 9.1).
    """
    missed = [duty for stage, duty in duties if stage is Stage.DAY_AFTER]
    near = [_due(stage, duty) for stage, duty in duties if stage is not Stage.DAY_AFTER]
    return [*near, *map(_overdue, missed), *_overdue_units(missed)]


def _due(stage: Stage, duty: Duty) -> Message:
    facts = {**_facts(duty), "left": wording()["reminders"][stage]}
    return worded("report-due", facts, to=Audience(duty.unit, UNIT))


def _overdue(duty: Duty) -> Message:
    return worded("report-overdue", _facts(duty), to=Audience(duty.unit, HEADS))


def _overdue_units(missed: Sequence[Duty]) -> list[Message]:
    def key(duty: Duty) -> tuple[str, str, str, datetime]:
        return (duty.lead_agency, duty.regime, duty.period, duty.due_at)

    told = []
    for _, group in groupby(sorted(missed, key=key), key=key):
        duties = list(group)
        facts = {**_facts(duties[0]), "count": len(duties), "units": _named(duties)}
        told.append(
            worded("report-overdue-units", facts, to=Audience(duties[0].lead_agency, REVIEWERS))
        )
    return told


def _named(duties: Sequence[Duty]) -> str:
    names = ", ".join(duty.unit_name for duty in duties[:NAMED])
    more = len(duties) - NAMED
    return wording()["lists"]["more"].format(named=names, count=more) if more > 0 else names


def _facts(duty: Duty) -> dict[str, object]:
    return {**vars(duty), "due": moment(duty.due_at)}
