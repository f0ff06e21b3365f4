"""The course of a connection, for the people who answer for it."""

from datetime import datetime

from fastapi import APIRouter

from chassis.database import Transaction
from chassis.paging import After, InvalidCursor, Limit, Page, decode, encode
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.api.callers import Reader
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.queries import connections as connection_queries
from connector_gateway.queries import timelines as queries
from connector_gateway.queries.timelines import AFTER_ALL, ActView, Point

router = APIRouter(tags=["connections"])


@router.get("/connections/{code}/timeline")
async def show_timeline(
    code: CodeInPath, session: Transaction, _: Reader, limit: Limit = 50, after: After = None
) -> Page[ActView]:
    """Return what was done to a connection, the latest first: orders, notices, states, flags.

    Every act is an entry of the exchange ledger; deliveries are left out. 404 `connection-unknown`.
    """
    if await connection_queries.connection_of_code(session, code) is None:
        raise ConnectionUnknown(connection=code)
    before = _point(after) if after else AFTER_ALL
    items = await queries.acts(session, code, before=before, limit=limit)
    last = items[-1] if len(items) == limit else None
    more = encode(last.at.isoformat(), last.chain, last.index) if last else None
    return Page(items=items, next=more)


def _point(after: str) -> Point:
    at, chain, index = decode(after, 3)
    try:
        point = Point(datetime.fromisoformat(str(at)).astimezone(), str(chain), int(index))
    except (ValueError, OverflowError) as why:
        raise InvalidCursor from why
    if abs(point.index) >= 2**63:
        raise InvalidCursor
    return point
