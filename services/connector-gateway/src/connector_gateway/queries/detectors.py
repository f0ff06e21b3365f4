"""Reads of what detectors judge: counters of a window, and the habit of former days."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import ZONE
from chassis.database import raw_connection
from connector_gateway.domain.detectors import COUNTED_IN, Detector, Tally, Watched, window_of
from connector_gateway.domain.norms import norms_on

# What was counted before somebody decided about the last flag of a detector is settled.
IN_WINDOW = """
SELECT c.code, sum(t.count) FILTER (WHERE t.kind = ANY($2::text[])) AS count,
       sum(t.count) FILTER (WHERE t.kind <> 'refused') AS of, max(t.detail) AS detail
FROM tallies AS t
JOIN connections AS c ON c.id = t.connection_id
LEFT JOIN LATERAL (SELECT max(decided_at) AS at FROM flags
                   WHERE connection_id = c.id AND detector = $1) AS decided ON true
WHERE t.kind = ANY($2::text[] || $3::text[]) AND t.began_at > greatest($4, decided.at)
GROUP BY c.code
"""
THIS_HOUR = """
SELECT c.code, t.count, habit.normal, habit.days
FROM tallies AS t
JOIN connections AS c ON c.id = t.connection_id
LEFT JOIN LATERAL (SELECT max(decided_at) AS at FROM flags
                   WHERE connection_id = c.id AND detector = $1) AS decided ON true
CROSS JOIN LATERAL (
    SELECT coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY busiest), 0) AS normal,
           count(*) AS days
    FROM (SELECT max(count) AS busiest FROM tallies
          WHERE kind = 'received' AND connection_id = c.id AND began_at >= $4 AND began_at < $3
          GROUP BY (began_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS former
) AS habit
WHERE t.kind = 'received' AND t.began_at > greatest($2, decided.at) AND t.count >= $5
"""


async def watched(session: AsyncSession, now: datetime) -> list[Watched]:
    """Return what each detector has counted, of connections of which it counted anything."""
    raw = await raw_connection(session)
    norms = norms_on(now.astimezone(ZONE).date())
    found: list[Watched] = []
    for detector, kinds in COUNTED_IN.items():
        all_of = [Tally.ARRIVED] if detector is Detector.SCHEMA_ERRORS else []
        since = now - window_of(detector, norms)
        rows = await raw.fetch(IN_WINDOW, detector.value, kinds, all_of, since)
        found += [
            Watched(
                row["code"], detector, int(row["count"]), int(row["of"] or 0), detail=row["detail"]
            )
            for row in rows
            if row["count"]
        ]
    today = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    # The last hour is judged a moment longer than it lasts: its end is counted a little later.
    begun = now - window_of(Detector.VOLUME, norms) - timedelta(minutes=1)
    former = today - timedelta(days=norms.volume_days)
    rows = await raw.fetch(
        THIS_HOUR, Detector.VOLUME.value, begun, today, former, norms.volume_least
    )
    found += [
        Watched(row["code"], Detector.VOLUME, row["count"], normal=row["normal"], days=row["days"])
        for row in rows
    ]
    return found
