"""Keeping what units owe, and reminding them of it in working days (Điều 9.1, 9.6)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from contracts.calendar import ZONE
from contracts.submissions.v1 import ReportAssigned, ReportReturned
from notifications.commands.inboxes import tell
from notifications.domain.duties import LOOK_AHEAD, LOOK_BACK, Duty, Stage, reminders, turns
from notifications.domain.messages import Names
from notifications.queries import duties as queries
from notifications.queries import known as known_queries

OWE = """
INSERT INTO known_duties
    (report_id, regime, regime_name, period, unit, lead_agency, due_at, told_at, is_open)
SELECT report_id, regime, regime_name, period, unit, lead_agency, due_at, $8, true
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::timestamptz[])
     AS owed (report_id, regime, regime_name, period, unit, lead_agency, due_at)
ON CONFLICT (report_id) DO UPDATE
SET due_at = excluded.due_at, told_at = excluded.told_at, is_open = true
"""
SETTLE = "UPDATE known_duties SET is_open = false WHERE report_id = ANY($1::uuid[]) AND is_open"
REMIND = """
WITH reminded AS (
    INSERT INTO reminders (report_id, due_at, stage, reminded_at)
    SELECT duty.report_id, duty.due_at, turn.stage, $5
    FROM unnest($1::timestamptz[], $2::timestamptz[], $3::text[], $4::timestamptz[])
         AS turn (begins, ends, stage, told_before)
    JOIN known_duties AS duty
      ON duty.is_open AND duty.due_at >= turn.begins AND duty.due_at < turn.ends
     AND duty.told_at < turn.told_before
    ON CONFLICT DO NOTHING
    RETURNING report_id, stage
)
SELECT reminded.stage, duty.report_id, duty.regime, duty.regime_name, duty.period, duty.unit,
       coalesce(agency.name, duty.unit) AS unit_name, duty.lead_agency, duty.due_at
FROM reminded
JOIN known_duties AS duty USING (report_id)
LEFT JOIN known_agencies AS agency ON agency.code = duty.unit
ORDER BY duty.due_at, duty.regime, duty.period, unit_name
"""


async def owe(
    session: AsyncSession,
    events: Sequence[ReportAssigned | ReportReturned],
    names: Names,
    *,
    now: datetime,
) -> None:
    """Keep which reports units owe and until when, in one statement; the last word counts.

    A new due day begins its reminders anew.
    """
    latest: Mapping[UUID, ReportAssigned | ReportReturned] = {one.report_id: one for one in events}
    owed = list(latest.values())
    raw = await raw_connection(session)
    await raw.execute(
        OWE,
        [one.report_id for one in owed],
        [one.regime for one in owed],
        [
            one.regime_name if isinstance(one, ReportAssigned) else names.regime(one.regime)
            for one in owed
        ],
        [one.period for one in owed],
        [one.unit for one in owed],
        [one.lead_agency for one in owed],
        [one.due_at for one in owed],
        now,
    )


async def settle(session: AsyncSession, reports: Collection[UUID]) -> None:
    """Remind nobody any more of reports that were sent or accepted."""
    raw = await raw_connection(session)
    await raw.execute(SETTLE, list(reports))


async def remind(session: AsyncSession, *, now: datetime) -> dict[Stage, int]:
    """Remind of every report that has come to a stage, at most once a report, due day and stage.

    One statement finds and notes them, a few tell everyone, for one unit or for all of them.
    Working days are counted anew each time, so that a changed calendar needs no other care.
    Raises ``CalendarUnknown`` where something is due in a year without a calendar.
    """
    earliest, latest = now - LOOK_BACK, now + LOOK_AHEAD
    days = await queries.due_days(session, earliest, latest)
    calendar = await known_queries.working_calendar(session) if days else None
    due = turns(calendar, days, now=now) if calendar else []
    if not due:
        return {}
    midnights = [datetime.combine(one.due_on, datetime.min.time(), ZONE) for one in due]
    raw = await raw_connection(session)
    rows = await raw.fetch(
        REMIND,
        midnights,
        [one + timedelta(days=1) for one in midnights],
        [one.stage for one in due],
        [one.told_before for one in due],
        now,
    )
    reminded = [(Stage(row["stage"]), Duty(**dict(list(row.items())[1:]))) for row in rows]
    await tell(session, reminders(reminded), now=now)
    stages = [stage for stage, _ in reminded]
    return {stage: stages.count(stage) for stage in Stage if stage in stages}
