"""The door for credentials: seen without their secrets, rotated, ended at once."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from chassis.clock import Now
from chassis.database import Transaction
from chassis.http import Body
from chassis.paging import Page
from connector_gateway.api.bodies import CodeInPath, RevokeBody
from connector_gateway.api.callers import Operator, Reader, person
from connector_gateway.commands import credentials as commands
from connector_gateway.domain.credentials import Credential, CredentialKind
from connector_gateway.errors.connections import ConnectionUnknown
from connector_gateway.queries import LocalMoment, View
from connector_gateway.queries import connections as queries

router = APIRouter(tags=["credentials"])


class RotationBody(Body):
    """A new key, or none for a new secret, and how long the old ones of its kind still count."""

    overlap_hours: Annotated[int, Field(ge=24, le=72)]
    public_jwk: dict[str, str] | None = None


class CredentialView(View):
    """A way of signing in, without what must stay secret."""

    id: UUID
    kind: CredentialKind
    kid: str | None
    valid_from: LocalMoment
    valid_to: LocalMoment | None
    is_valid: bool


class GivenView(CredentialView):
    """A new credential; the secret is shown here and never again."""

    client_secret: str | None


@router.get("/connections/{code}/credentials")
async def list_credentials(
    code: CodeInPath, session: Transaction, _: Reader, now: Now
) -> Page[CredentialView]:
    """List the keys and secrets of a connection, the newest first, also those that have ended.

    404 `connection-unknown`.
    """
    connection = await queries.connection_of_code(session, code)
    if connection is None:
        raise ConnectionUnknown(connection=code)
    found = await queries.credentials(session, connection.id)
    return Page(items=[_view(one, now) for one in found])


@router.post("/connections/{code}/credentials", status_code=201)
async def rotate_credential(
    code: CodeInPath, body: RotationBody, session: Transaction, who: Operator, now: Now
) -> GivenView:
    """Give a connection a new public key, or without one a new secret that is shown once.

    Earlier credentials of the same kind count for `overlap_hours` (24–72) more, then no longer.
    404 `connection-unknown`; 403 `connection-revoked`; 409 `credential-known`;
    422 `credential-unfit`.
    """
    overlap = timedelta(hours=body.overlap_hours)
    made, secret = await commands.rotate(
        session, code, body.public_jwk, overlap, person(who), now=now
    )
    return GivenView(**_view(made, now).model_dump(), client_secret=secret)


@router.post("/connections/{code}/credentials/{credential}/end")
async def end_credential(
    code: CodeInPath,
    credential: UUID,
    body: RevokeBody,
    session: Transaction,
    who: Operator,
    now: Now,
) -> CredentialView:
    """End a key or secret at once, with a reason; access tokens of the connection end with it.

    404 `connection-unknown`, `credential-unknown`; 409 `credential-ended`.
    """
    ended = await commands.end_credential(
        session, code, credential, body.reason, person(who), now=now
    )
    return _view(ended, now)


def _view(credential: Credential, now: datetime) -> CredentialView:
    return CredentialView(
        id=credential.id,
        kind=credential.kind,
        kid=credential.kid,
        valid_from=credential.valid_from,
        valid_to=credential.valid_to,
        is_valid=credential.is_valid(now),
    )
