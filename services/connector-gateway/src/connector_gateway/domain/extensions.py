"""An extension (gia hạn) of a suspension order: a later end, announced anew (Điều 8.2)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from connector_gateway.domain import Moment, Table
from connector_gateway.domain.suspensions import (
    NOTICE_DAYS,
    Ids,
    Person,
    Suspension,
    full_working_days,
)
from connector_gateway.errors.suspensions import (
    EndBeforeStart,
    NothingToExtend,
    NoticePeriodUnknown,
    NoticeTooShort,
    OrderNotOpen,
)
from contracts.calendar import WorkingCalendar
from contracts.connector_gateway.v1 import Ground


@dataclass(frozen=True)
class LaterEnd:
    """What a person asks for: how long the suspension will last now, and why."""

    expected_end: datetime
    public_reason: str
    by: Person


class Extension(Table, table=True):
    """A later end of an order; the database keeps its facts and its notice as those of orders."""

    __tablename__ = "extensions"

    id: UUID = Field(primary_key=True)
    suspension_id: UUID = Field(foreign_key="suspensions.id")
    begins_at: datetime = Field(sa_type=Moment)
    """The end that was announced before: maintenance counts its working days up to here."""
    expected_end: datetime = Field(sa_type=Moment)
    public_reason: str = Field(sa_type=Text)
    requested_by: str = Field(sa_type=Text)
    requested_by_name: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=Moment)
    notice_id: UUID = Field(unique=True)
    notice_visible_at: datetime | None = Field(default=None, sa_type=Moment)
    failure: str | None = Field(default=None, sa_type=Text)
    """Why it does not count: its notice was not out in time."""

    @classmethod
    def of(
        cls,
        suspension: Suspension,
        end_before: datetime | None,
        later: LaterEnd,
        calendar: WorkingCalendar,
        *,
        ids: Ids,
        now: datetime,
    ) -> "Extension":
        """Write out an extension; raises where Điều 8.2 does not allow it.

        ``NothingToExtend`` without an announced end, ``EndBeforeStart`` where it is not later,
        ``NoticeTooShort`` for maintenance below three full working days before that end.
        """
        if not suspension.is_open:
            raise OrderNotOpen(state=suspension.state)
        if end_before is None:
            raise NothingToExtend
        if later.expected_end <= end_before:
            raise EndBeforeStart
        if suspension.ground is Ground.MAINTENANCE:
            days = full_working_days(calendar, now, end_before)
            if days < NOTICE_DAYS:
                raise NoticeTooShort.of(days, NOTICE_DAYS)
        return cls(
            id=ids.order,
            suspension_id=suspension.id,
            begins_at=end_before,
            expected_end=later.expected_end,
            public_reason=later.public_reason,
            requested_by=later.by.subject,
            requested_by_name=later.by.name,
            requested_at=now,
            notice_id=ids.notice,
        )

    def notice_became_visible(
        self, ground: Ground, calendar: WorkingCalendar, *, at: datetime
    ) -> None:
        """Remember when the public could read it; too late for maintenance, and it fails."""
        if self.notice_visible_at is not None:
            return
        if ground is Ground.MAINTENANCE:
            self.failure = self._why_late(calendar, at)
        self.notice_visible_at = at

    def _why_late(self, calendar: WorkingCalendar, at: datetime) -> str | None:
        try:
            days = full_working_days(calendar, at, self.begins_at)
        except NoticePeriodUnknown:
            return NoticePeriodUnknown.slug
        return None if days >= NOTICE_DAYS else NoticeTooShort.slug
