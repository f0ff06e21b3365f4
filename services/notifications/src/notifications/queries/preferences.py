"""Reads of how people want to be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import Moment
from chassis.database import raw_connection
from notifications.domain.known import KnownAccount
from notifications.domain.messages import Message
from notifications.domain.preferences import (
    USUAL_QUIET_HOURS,
    USUAL_WAYS,
    Kind,
    Preferences,
    QuietHours,
    Way,
)

WHOM = """
WITH told AS (
    SELECT n, agency, string_to_array(roles, ',') AS roles, account_id, choice, usual
    FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[]) WITH ORDINALITY
         AS told (agency, roles, account_id, choice, usual, n)
), reached AS (
    SELECT n, choice, usual, id, email FROM told JOIN known_accounts ON id = account_id
    UNION ALL
    SELECT n, choice, usual, id, email
    FROM told JOIN known_accounts AS account USING (agency)
    WHERE account.roles && told.roles
    UNION ALL
    SELECT n, choice, usual, id, email
    FROM told JOIN known_accounts AS account ON account.roles && told.roles
    WHERE told.agency IS NULL
)
SELECT n - 1 AS at, id AS account_id, email, coalesce(ways ->> choice, usual) AS way,
       p.account_id IS NOT NULL AS has_chosen, quiet_from, quiet_to
FROM reached LEFT JOIN preferences AS p ON p.account_id = id
WHERE email IS NOT NULL AND coalesce(ways ->> choice, usual) <> 'none'
ORDER BY n, id
"""


@dataclass(frozen=True)
class Reachable:
    """A person whom mail reaches, and when it may not."""

    account_id: UUID
    email: str
    quiet: QuietHours | None

    def leaves_at(self, now: datetime) -> datetime:
        """Return when a mail of ``now`` may leave."""
        return self.quiet.end_after(now) if self.quiet else now


@dataclass(frozen=True)
class Reached(Reachable):
    """Somebody whom the message ``at`` concerns, and the way it goes."""

    at: int
    way: Way


async def whom_to_mail(session: AsyncSession, messages: Sequence[Message]) -> list[Reached]:
    """Return everyone with an address whom messages concern and who wants mail of them."""
    raw = await raw_connection(session)
    rows = await raw.fetch(
        WHOM,
        [one.to.agency for one in messages],
        [",".join(one.to.roles) for one in messages],
        [one.to.account_id for one in messages],
        [one.choice for one in messages],
        [one.usual_way for one in messages],
    )
    return [
        Reached(row["account_id"], row["email"], quiet_hours_of(row), row["at"], Way(row["way"]))
        for row in rows
    ]


def quiet_hours_of(row: Mapping[str, Any]) -> QuietHours | None:
    """Return the quiet hours in a row: the usual ones of whoever has chosen nothing."""
    if not row["has_chosen"]:
        return USUAL_QUIET_HOURS
    if row["quiet_from"] is None:
        return None
    return QuietHours(row["quiet_from"], row["quiet_to"])


class QuietHoursView(BaseModel):
    """Hours of the day, Asia/Ho_Chi_Minh, in which mail waits; they may pass midnight."""

    begins: str
    """``HH:MM``"""
    ends: str
    """``HH:MM``"""


class PreferencesView(BaseModel):
    """How a person is told beside the inbox."""

    email: str | None
    """Where mail goes: the address of the account (Điều 4.1); without one no mail leaves."""
    ways: dict[Kind, Way]
    """Every kind of message that one may choose a way for."""
    quiet_hours: QuietHoursView | None
    changed_at: Moment | None
    """None where the person has chosen nothing yet."""


async def preferences(session: AsyncSession, account_id: UUID) -> PreferencesView:
    """Return how a person is told, by own choice or as usual."""
    account = await session.get(KnownAccount, account_id)
    chosen = await session.get(Preferences, account_id)
    quiet: QuietHours | None = USUAL_QUIET_HOURS
    if chosen:
        begins, ends = chosen.quiet_from, chosen.quiet_to
        quiet = QuietHours(begins, ends) if begins and ends else None
    own = chosen.ways if chosen else {}
    return PreferencesView(
        email=account.email if account else None,
        ways={kind: Way(own.get(kind, usual)) for kind, usual in USUAL_WAYS.items()},
        quiet_hours=QuietHoursView(
            begins=quiet.begins.strftime("%H:%M"), ends=quiet.ends.strftime("%H:%M")
        )
        if quiet
        else None,
        changed_at=chosen.changed_at if chosen else None,
    )
