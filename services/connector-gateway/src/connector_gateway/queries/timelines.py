"""The course of a connection (diễn biến), as the exchange ledger keeps it: who did what, when."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import raw_connection
from connector_gateway.queries import LocalMoment, View
from connector_gateway.queries.known import names_of_people

# Inside a string ``"kind":"`` is escaped: the pattern meets kinds alone (ix_ledger_entries_acts).
ACTS = """
WITH own AS (
    SELECT chain, index, at, entry FROM ledger_entries
    WHERE chain = $1 AND entry NOT LIKE '%"kind":"delivery-%'
), orders AS (
    SELECT DISTINCT entry::json ->> 'suspension' AS id FROM own
), acts AS (
    SELECT * FROM own
    UNION ALL
    SELECT e.chain, e.index, e.at, e.entry FROM ledger_entries AS e
    WHERE e.chain = 'system' AND e.entry NOT LIKE '%"kind":"delivery-%'
      AND coalesce(e.entry::json ->> 'suspension', e.entry::json ->> 'subject')
          IN (SELECT id FROM orders)
)
SELECT * FROM acts WHERE (at, chain, index) < ($2, $3, $4)
ORDER BY at DESC, chain DESC, index DESC LIMIT $5
"""
PEOPLE = ("by", "requested_by", "approved_by")
"""Facts that name whoever acted by the id of the account."""
WHERE_IT_STANDS = {"chain", "index", "at", "kind"}


@dataclass(frozen=True)
class Point:
    """Where an act stands in a timeline."""

    at: datetime
    chain: str
    index: int


AFTER_ALL = Point(datetime(9999, 1, 1, tzinfo=UTC), "", 0)


class ActView(View):
    """One act: what kind of entry it is in the ledger, and its facts as they stand there."""

    at: LocalMoment
    chain: str
    """The connection's code, or `system` for orders that reach it and their notices."""
    index: int
    kind: str
    facts: Mapping[str, str | int | None]
    people: Mapping[str, str]
    """How the people are called whose ids stand in `by`, `requested_by` and `approved_by`."""


async def acts(
    session: AsyncSession, code: str, *, before: Point = AFTER_ALL, limit: int
) -> list[ActView]:
    """Return what people and the hub did to a connection, the latest first; no deliveries."""
    raw = await raw_connection(session)
    rows = await raw.fetch(ACTS, code, before.at, before.chain, before.index, limit)
    told = [json.loads(row["entry"]) for row in rows]
    names = await names_of_people(session, {id for said in told for id in _ids(said)})
    return [_act(row["at"], said, names) for row, said in zip(rows, told, strict=True)]


def _ids(said: Mapping[str, Any]) -> set[str]:
    return {said[fact] for fact in PEOPLE if said.get(fact)}


def _act(at: datetime, said: Mapping[str, Any], names: Mapping[str, str]) -> ActView:
    return ActView(
        at=at,
        chain=said["chain"],
        index=said["index"],
        kind=said["kind"],
        facts={name: value for name, value in said.items() if name not in WHERE_IT_STANDS},
        people={id: names[id] for id in _ids(said) if id in names},
    )
