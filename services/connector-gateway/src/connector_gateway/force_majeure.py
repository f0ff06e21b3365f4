"""Orders a force majeure for the whole system (Điều 8.1b) past the API, and lifts it.

``python -m connector_gateway.force_majeure`` reads one declaration as JSON from its input and
writes the id of the order: notice, ledger and fence hold as for any other. It ends with 75 while
the database cannot be reached, so that whoever calls it tries again; what was done already is not
done twice.
"""

import asyncio
import sys
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import ZONE, now
from chassis.database import Database
from chassis.errors import Refusal
from chassis.outbox import write_outbox
from connector_gateway.commands import ledger, lifts, suspensions
from connector_gateway.domain.held import Choice, HeldChoice
from connector_gateway.domain.ledger import Facts, Kind
from connector_gateway.domain.suspensions import Order, Person, ScopeKind
from connector_gateway.errors.suspensions import ScopeEmpty
from connector_gateway.queries import suspensions as queries
from connector_gateway.queries.declarations import declared_at
from connector_gateway.settings import Settings
from contracts.connector_gateway.v1 import Direction, Ground

NOT_YET = 75
PATIENCE = 8.0
"""Seconds after which a database that does not answer counts as down."""


class Declaration(BaseModel):
    """What was declared, and perhaps ended, at the machine itself."""

    reason: str
    by: str
    declared_at: datetime
    expected_end: datetime | None = None
    suspension: UUID | None = None
    remedy: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    held: Choice = Choice.ALL
    evidence: str = "{declared} {by} {ordered}"
    """Sentence for the order's internal reason."""


async def settle(database: Database, declared: Declaration) -> UUID | None:
    """Order what was declared unless that is done, and lift it where it was ended.

    Returns the order; None where there is no connection that it could stop.
    """
    async with database.transaction() as session:
        order = await _order(session, declared, now=now())
    if order and declared.ended_at and declared.remedy:
        async with database.transaction() as session:
            await _lift(session, order, declared, now=now())
    return order


async def _order(session: AsyncSession, declared: Declaration, *, now: datetime) -> UUID | None:
    by = Person(f"machine:{declared.by}", declared.by)
    known = await declared_at(session, by.subject, declared.declared_at)
    if known:
        return known
    evidence = declared.evidence.format(
        declared=_in_words(declared.declared_at), by=declared.by, ordered=_in_words(now)
    )
    end = declared.expected_end if declared.expected_end and declared.expected_end > now else None
    order = Order(
        ground=Ground.FORCE_MAJEURE,
        scope_kind=ScopeKind.SYSTEM,
        scope_code="",
        directions=list(Direction),
        public_reason=declared.reason,
        internal_reason=evidence,
        effective_at=None,
        expected_end=end,
    )
    try:
        suspension, _ = await suspensions.suspend(session, order, by, now=now)
    except ScopeEmpty:
        return None
    facts: Facts = {
        "suspension": str(suspension.id),
        "declared_at": declared.declared_at.isoformat(),
        "reason": declared.reason,
        "by": by.subject,
    }
    await ledger.record_for_system(session, [(Kind.FORCE_MAJEURE_DECLARED, facts)], at=now)
    return suspension.id


async def _lift(
    session: AsyncSession, order: UUID, declared: Declaration, *, now: datetime
) -> None:
    suspension = await queries.suspension_for_update(session, order)
    if suspension is None or not suspension.is_open:
        return
    ended_by = declared.ended_by or declared.by
    by = Person(f"machine:{ended_by}", ended_by)
    held = HeldChoice(declared.held)
    await lifts.lift(session, order, declared.remedy or "", held, by, now=now)
    ended_at = declared.ended_at.isoformat() if declared.ended_at else None
    facts: Facts = {"suspension": str(order), "ended_at": ended_at, "by": by.subject}
    await ledger.record_for_system(session, [(Kind.FORCE_MAJEURE_ENDED, facts)], at=now)


def _in_words(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%H:%M:%S %d/%m/%Y")


async def run(settings: Settings, declared: Declaration) -> int:
    """Settle a declaration; return the exit status."""
    database = Database(settings.database_url, pool=1, before_commit=write_outbox)
    try:
        async with asyncio.timeout(PATIENCE):
            order = await settle(database, declared)
    except (DataError, IntegrityError, ProgrammingError):
        raise  # the database is there and says no
    except (OSError, TimeoutError, DBAPIError) as why:
        sys.stderr.write(f"{type(why).__name__}\n")
        return NOT_YET
    except Refusal as why:
        sys.stderr.write(f"{why.slug}\n")
        return 1
    finally:
        await database.close()
    sys.stdout.write(f"{order or ''}\n")
    return 0


if __name__ == "__main__":
    said = Declaration.model_validate_json(sys.stdin.buffer.read())
    sys.exit(asyncio.run(run(Settings(), said)))
