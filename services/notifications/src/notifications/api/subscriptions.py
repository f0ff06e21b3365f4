"""Who gets public notices by mail: anyone who asks, until whoever holds the mail ends it."""

from typing import Annotated
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from chassis.clock import Now
from chassis.database import Transaction
from chassis.errors import TooLarge
from chassis.http import Body
from notifications.api.pages import page
from notifications.commands import notices as commands
from notifications.queries import notices as queries

router = APIRouter(tags=["notices"])
public_router = APIRouter(include_in_schema=False)

Email = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"),
    Field(max_length=200),
    AfterValidator(str.lower),
]
EMAIL: TypeAdapter[str] = TypeAdapter(Email)
MOST_BYTES = 4096


class Subscription(Body):
    """An address that wants public notices by mail."""

    email: Email


@router.post("/subscriptions", status_code=204)
async def subscribe(body: Subscription, session: Transaction, now: Now) -> Response:
    """Get public notices by mail from now on; the answer is the same for a known address."""
    await commands.subscribe(session, body.email, now=now)
    return Response(status_code=204)


async def typed_address(request: Request) -> str:
    """Return what was typed into the form of the page, which is short."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise TooLarge
    (address,) = parse_qs(body.decode(errors="replace")).get("email", [""])[:1]
    return address.strip()


@public_router.post("/notices/subscriptions")
async def subscribe_on_the_page(
    session: Transaction, now: Now, typed: Annotated[str, Depends(typed_address)]
) -> HTMLResponse:
    """Take an address from the form of the page."""
    try:
        address = EMAIL.validate_python(typed)
    except ValidationError:
        found = await queries.notices(session, limit=50, after=None)
        return page("notices.html", 422, page=found, refused=typed)
    await commands.subscribe(session, address, now=now)
    return page("subscribed.html", email=address)


@public_router.get("/notices/subscriptions/{token}")
async def way_out(token: UUID) -> HTMLResponse:
    """Ask whether the mails should end; mail programs that look ahead change nothing."""
    return page("unsubscribe.html", token=token)


@public_router.post("/notices/subscriptions/{token}")
async def end(token: UUID, session: Transaction) -> HTMLResponse:
    """End the mails (RFC 8058, one click)."""
    await commands.end_subscription(session, token)
    return page("unsubscribed.html")
