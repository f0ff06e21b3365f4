"""Flags of connections (Điều 8.1c): said, looked at, dismissed."""

from uuid import UUID

from fastapi import APIRouter

from chassis.clock import Now
from chassis.database import Transaction
from chassis.paging import After, Limit, Page, encode
from connector_gateway.api.bodies import CodeInPath, DismissBody, FlagBody, id_after
from connector_gateway.api.callers import Operator, Reader, person
from connector_gateway.commands import flags as commands
from connector_gateway.commands.flags import Suspicion
from connector_gateway.domain.connections import Connection
from connector_gateway.domain.flags import FlagState
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import flags as queries
from connector_gateway.queries.flags import FlagView

router = APIRouter(tags=["flags"])


@router.post("/connections/{code}/flags", status_code=201)
async def flag_connection(
    code: CodeInPath, body: FlagBody, session: Transaction, who: Operator, now: Now
) -> FlagView:
    """Say that a connection may be a security risk (Điều 8.1c); a person decides.

    404 `connection-unknown`.
    """
    suspicion = Suspicion(body.reason, body.evidence)
    flag = await commands.flag(session, code, suspicion, person(who), now=now)
    return queries.view(flag, await _connection(session, code))


@router.get("/connections/{code}/flags")
async def list_flags(
    code: CodeInPath,
    session: Transaction,
    _: Reader,
    state: FlagState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[FlagView]:
    """List the flags of a connection, the latest first: `open`, `suspended` or `dismissed`.

    404 `connection-unknown`.
    """
    await _connection(session, code)
    items = await queries.views(session, code, state=state, after=id_after(after), limit=limit)
    more = encode(str(items[-1].id)) if len(items) == limit else None
    return Page(items=items, next=more)


@router.post("/connections/{code}/flags/{flag_id}/dismiss")
async def dismiss_flag(
    code: CodeInPath,
    flag_id: UUID,
    body: DismissBody,
    session: Transaction,
    who: Operator,
    now: Now,
) -> FlagView:
    """Decide that a flag tells of no risk, and say why.

    A suspension of the connection for `SECURITY_RISK` closes its open flags by itself.
    404 `connection-unknown`, `flag-unknown`; 409 `flag-decided`.
    """
    flag = await commands.dismiss(session, code, flag_id, body.reason, person(who), now=now)
    return queries.view(flag, await _connection(session, code))


async def _connection(session: Transaction, code: str) -> Connection:
    connection = await connection_queries.connection_of_code(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    return connection
