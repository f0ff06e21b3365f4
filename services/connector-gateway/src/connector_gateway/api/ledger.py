"""The exchange ledger, for whoever wants to prove what happened."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from chassis.clock import ZONE, Now
from chassis.database import Transaction
from chassis.paging import After, InvalidCursor, Limit, Page, decode, encode
from connector_gateway.api.bodies import Moment
from connector_gateway.api.callers import Reader
from connector_gateway.commands.keys import signing_key
from connector_gateway.domain.connections import CODE
from connector_gateway.queries import View
from connector_gateway.queries import ledger as queries
from connector_gateway.queries.ledger import LedgerView, PublicRootView, RootView
from contracts.accounts.v1 import PublicKey

router = APIRouter(tags=["ledger"])
public_router = APIRouter(tags=["ledger"])

PUBLIC_FOR = timedelta(days=400)

Begins = Annotated[Moment | None, Query(alias="from")]
Ends = Annotated[Moment | None, Query(alias="to")]


@router.get("/ledger")
async def list_entries(
    session: Transaction,
    _: Reader,
    begins: Begins = None,
    ends: Ends = None,
    chain: Annotated[str | None, Query(pattern=CODE)] = None,
    limit: Limit = 200,
    after: After = None,
) -> Page[LedgerView]:
    """Return entries by chain and index, with their hashes.

    `hash` = SHA-256(hash of the entry before, 32 zero bytes for the first || `entry` in UTF-8).
    `chain` is a connection's code, or `system`.
    """
    last = decode(after, 2) if after else ["", 0]
    if not isinstance(last[1], int):
        raise InvalidCursor
    items = await queries.entries(
        session, chain, (begins, ends), after=(str(last[0]), last[1]), limit=limit
    )
    more = encode(items[-1].chain, items[-1].index) if len(items) == limit else None
    return Page(items=items, next=more)


@router.get("/ledger/roots")
async def list_roots(session: Transaction, _: Reader, limit: Limit = 31) -> Page[RootView]:
    """Return the signed daily roots over the heads of all chains, the latest first."""
    return Page(
        items=[
            RootView(
                day=root.day,
                statement=root.statement,
                root=root.root.hex(),
                kid=root.kid,
                signature=root.signature.hex(),
                signed_at=root.signed_at,
            )
            for root in await queries.roots(session, limit=limit)
        ]
    )


class PublicRootsView(View):
    """The signed roots of the last 400 days, the latest first, and the key in use."""

    items: list[PublicRootView]
    keys: list[PublicKey]


@public_router.get("/.well-known/ledger-roots.json")
async def show_public_roots(
    request: Request, response: Response, session: Transaction, now: Now
) -> PublicRootsView:
    """Return what holds the hub to its ledger: day, root, key id and signature, without login.

    Whoever keeps one day's root can check every export that covers that day
    (`python -m connector_gateway.verify_ledger export.jsonl --roots ledger-roots.json`).
    """
    response.headers["Cache-Control"] = "public, max-age=300"
    key = signing_key(request.app.state.settings.signing_key_file)
    since = now.astimezone(ZONE).date() - PUBLIC_FOR
    return PublicRootsView(items=await queries.roots_since(session, since), keys=[key.public])
