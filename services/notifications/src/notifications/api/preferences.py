"""How one wants to be told, over HTTP."""

from datetime import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from chassis.clock import Now
from chassis.database import Transaction
from chassis.http import Body
from notifications.api.inboxes import Person
from notifications.commands import preferences as commands
from notifications.domain.preferences import Kind, QuietHours, Way
from notifications.queries import preferences as queries
from notifications.queries.preferences import PreferencesView

router = APIRouter(tags=["preferences"])

HourOfDay = Annotated[
    str,
    Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="`HH:MM`, +07:00"),
]


class QuietHoursWanted(Body):
    """Hours of the day in which mail waits; `21:00` to `06:30` passes midnight."""

    begins: HourOfDay
    ends: HourOfDay

    @property
    def hours(self) -> QuietHours:
        """Return them as the rules know them."""
        return QuietHours(time.fromisoformat(self.begins), time.fromisoformat(self.ends))


class PreferencesWanted(Body):
    """How a person wants to be told beside the inbox."""

    ways: dict[Kind, Way] = Field(default_factory=dict)
    """By kind: `mail` at once, `digest` once a day at 07:00, `none`; others go the usual way."""
    quiet_hours: QuietHoursWanted | None
    """null: mail at any hour."""


@router.get("/preferences")
async def preferences(session: Transaction, who: Person) -> PreferencesView:
    """Return how I am told beside the inbox, where everything lies in any case."""
    return await queries.preferences(session, UUID(who.subject))


@router.put("/preferences")
async def prefer(
    body: PreferencesWanted, session: Transaction, who: Person, now: Now
) -> PreferencesView:
    """Replace how I am told, from now on.

    What concerns security (flags of connections, suspensions on ground c) is mailed at once, in
    quiet hours too, and cannot be chosen. 422 `quiet-hours-empty`.
    """
    quiet = body.quiet_hours.hours if body.quiet_hours else None
    await commands.prefer(session, UUID(who.subject), body.ways, quiet, now=now)
    await session.flush()
    return await queries.preferences(session, UUID(who.subject))
