"""Connections of external systems: the board, opening, revoking."""

from fastapi import APIRouter, Request

from chassis.clock import Now
from chassis.database import Transaction
from chassis.paging import Page
from connector_gateway.api.bodies import CodeInPath, ConnectionBody, RevokeBody
from connector_gateway.api.callers import Operator, Reader, person
from connector_gateway.commands import connections as commands
from connector_gateway.domain.targets import Target
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.queries import View, board
from connector_gateway.queries.board import ConnectionView
from connector_gateway.settings import Settings

router = APIRouter(tags=["connections"])


class OpenedView(View):
    """A new connection; the secret is shown here and never again."""

    code: str
    client_id: str
    client_secret: str | None


@router.post("/connections", status_code=201)
async def open_connection(
    body: ConnectionBody, request: Request, session: Transaction, _: Operator, now: Now
) -> OpenedView:
    """Open a connection of a system (Điều 3.5).

    `regimes` and `agencies` limit what it may push (null: all). 404 `system-unknown`,
    409 `code-taken`, 422 `credential-unfit`, `target-not-allowed`, `webhook-required`.
    """
    new = as_asked(body, request.app.state.settings)
    connection, secret = await commands.open_connection(session, new, now=now)
    return OpenedView(code=connection.code, client_id=connection.client_id, client_secret=secret)


def as_asked(body: ConnectionBody, settings: Settings) -> commands.NewConnection:
    """Return the connection that a body asks for; raises ``TargetNotAllowed``."""
    if body.webhook:
        Target.parse(body.webhook.url, settings.private_targets)
    return commands.NewConnection(
        code=body.code,
        name=body.name,
        system=body.system,
        directions=body.directions,
        grants=body.grants,
        while_suspended=body.while_suspended,
        is_essential=body.is_essential,
        client_secret=body.client_secret,
        public_jwk=body.public_jwk,
        webhook_url=body.webhook.url if body.webhook else None,
        webhook_events=body.webhook.events if body.webhook else [],
    )


@router.get("/connections")
async def list_connections(session: Transaction, _: Reader, now: Now) -> Page[ConnectionView]:
    """Return the connections board: per direction what is wanted, observed and held."""
    return Page(items=await board.connections(session, now))


@router.get("/connections/{code}")
async def show_connection(
    code: CodeInPath, session: Transaction, _: Reader, now: Now
) -> ConnectionView:
    """Return one connection as the board shows it. 404 `connection-unknown`."""
    found = await board.connections(session, now, code=code)
    if not found:
        raise ConnectionUnknown(connection=code)
    return found[0]


@router.post("/connections/{code}/revoke")
async def revoke_connection(
    code: CodeInPath, body: RevokeBody, session: Transaction, who: Operator, now: Now
) -> ConnectionView:
    """End a connection for good: from then on it gets 403 `connection-revoked`."""
    await commands.revoke(session, code, body.reason, person(who), now=now)
    await session.flush()
    return (await board.connections(session, now, code=code))[0]
