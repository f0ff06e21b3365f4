"""How people want to be told: by mail at once, in a daily digest, or in the inbox alone."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import DateTime, Time
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from chassis.errors import Place
from contracts.calendar import ZONE
from notifications.domain import Table
from notifications.errors import QuietHoursEmpty


class Way(StrEnum):
    """How a message reaches a person beside the inbox, where it lies in any case."""

    MAIL = "mail"
    DIGEST = "digest"
    NONE = "none"


class Kind(StrEnum):
    """What people may be told of and may choose a way for.

    What concerns security has no kind here: it goes by mail at once, to everyone concerned.
    """

    REPORT_ASSIGNED = "report-assigned"
    REPORT_SUBMITTED = "report-submitted"
    REPORT_RETURNED = "report-returned"
    REPORT_ACCEPTED = "report-accepted"
    REPORT_DUE = "report-due"
    REPORT_OVERDUE = "report-overdue"
    CONSOLIDATION_FORWARDED = "consolidation-forwarded"
    CONNECTION_SUSPENDED = "connection-suspended"
    CONNECTION_RESUMED = "connection-resumed"
    FEEDBACK_SENT = "feedback-sent"
    FEEDBACK_ANSWERED = "feedback-answered"


USUAL_WAYS = MappingProxyType(
    {
        Kind.REPORT_ASSIGNED: Way.DIGEST,
        Kind.REPORT_SUBMITTED: Way.DIGEST,
        Kind.REPORT_RETURNED: Way.MAIL,
        Kind.REPORT_ACCEPTED: Way.DIGEST,
        Kind.REPORT_DUE: Way.MAIL,
        Kind.REPORT_OVERDUE: Way.MAIL,
        Kind.CONSOLIDATION_FORWARDED: Way.DIGEST,
        Kind.CONNECTION_SUSPENDED: Way.MAIL,
        Kind.CONNECTION_RESUMED: Way.DIGEST,
        Kind.FEEDBACK_SENT: Way.DIGEST,
        Kind.FEEDBACK_ANSWERED: Way.MAIL,
    }
)
"""The ways of whoever has chosen none: what asks to act comes at once, the rest once a day."""


@dataclass(frozen=True)
class QuietHours:
    """Hours of the day, Asia/Ho_Chi_Minh, in which mail waits; they may pass midnight.

    >>> QuietHours(time(21), time(6, 30)).end_after(datetime(2026, 6, 15, 23, tzinfo=ZONE))
    datetime.datetime(2026, 6, 16, 6, 30, tzinfo=zoneinfo.ZoneInfo(key='Asia/Ho_Chi_Minh'))
    """

    begins: time
    ends: time

    def end_after(self, now: datetime) -> datetime:
        """Return when a mail of ``now`` may leave: at the end of these hours, or now."""
        local = now.astimezone(ZONE)
        hour = local.time()
        passes_midnight = self.begins > self.ends
        is_late = hour >= self.begins and (passes_midnight or hour < self.ends)
        is_early = passes_midnight and hour < self.ends
        if not (is_late or is_early):
            return now
        days = timedelta(days=1 if is_late and passes_midnight else 0)
        return datetime.combine(local.date() + days, self.ends, ZONE)


USUAL_QUIET_HOURS = QuietHours(time(21), time(6, 30))


class Preferences(Table, table=True):
    """What one person has chosen; kinds that ``ways`` does not name go the usual way."""

    __tablename__ = "preferences"

    account_id: UUID = Field(primary_key=True)
    ways: dict[str, str] = Field(sa_type=JSONB)
    quiet_from: time | None = Field(default=None, sa_type=Time)
    """Both are None for a person who wants mail at any hour."""
    quiet_to: time | None = Field(default=None, sa_type=Time)
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))

    @classmethod
    def choose(
        cls,
        account_id: UUID,
        ways: dict[Kind, Way],
        quiet: QuietHours | None,
        *,
        now: datetime,
    ) -> "Preferences":
        """Return a person's choice; raises ``QuietHoursEmpty`` for hours without a length."""
        if quiet and quiet.begins == quiet.ends:
            raise QuietHoursEmpty(errors=[Place("/quiet_hours/ends", "quiet-hours-empty")])
        return cls(
            account_id=account_id,
            ways={kind.value: way.value for kind, way in ways.items()},
            quiet_from=quiet.begins if quiet else None,
            quiet_to=quiet.ends if quiet else None,
            changed_at=now,
        )
