"""The exchange ledger for outsiders: an export that proves itself, and a check on the spot.

The format of the export is a promise: `LEDGER.md`.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from chassis.clock import ZONE, Now
from chassis.database import Database, Transaction
from chassis.http import Body
from connector_gateway.api.bodies import Moment
from connector_gateway.api.callers import Reader
from connector_gateway.api.ledger import Begins, Ends
from connector_gateway.commands.keys import SigningKey, signing_key
from connector_gateway.domain.ledger import Check, Head, Link, canonical
from connector_gateway.domain.roots import DayRoot, digest_of, public_key
from connector_gateway.queries import LocalMoment, View
from connector_gateway.queries import ledger as queries
from connector_gateway.queries.ledger import Stretch

router = APIRouter(tags=["ledger"])

JSON_LINES = "application/jsonl"
FORMAT = 1


class PeriodBody(Body):
    """A period; without a beginning or an end, all there is."""

    begins: Annotated[Moment | None, Field(alias="from")] = None
    ends: Annotated[Moment | None, Field(alias="to")] = None


class BreachView(View):
    """The first bad entry of a chain; `why` is `changed`, `missing`, `misplaced`, `cut-off`
    (signed roots say that it goes on) or `absent` (signed roots say that there is such a chain)."""

    index: int
    why: str


class ChainView(View):
    """What was found of one chain."""

    chain: str
    entries: int
    """How many were read."""
    breach: BreachView | None


class CheckedRootView(View):
    """What was found of the root of a day: `flaw` is `altered`, `unknown-key` or
    `wrong-signature`."""

    day: date
    flaw: str | None


class VerdictView(View):
    """Whether the ledger of a period holds, from one signed root to another."""

    holds: bool
    opening: date | None
    """The day of the signed root from which the chains were followed; none: their beginning."""
    until: LocalMoment
    chains: list[ChainView]
    roots: list[CheckedRootView]


@router.get(
    "/ledger/export",
    response_class=StreamingResponse,
    responses={200: {"content": {JSON_LINES: {"schema": {"type": "string"}}}}},
)
async def export_ledger(
    request: Request,
    session: Transaction,
    _: Reader,
    now: Now,
    begins: Begins = None,
    ends: Ends = None,
) -> StreamingResponse:
    """Return the ledger of a period, a JSON object a line, in a form that proves itself.

    Every chain in order, then the signed roots that cover the period, the public keys, and a signed
    last line without which the export is not whole. It reaches from the last signed root before
    `from` to the first one after `to`. `python -m connector_gateway.verify_ledger` checks it with
    no network; `services/connector-gateway/LEDGER.md` says how to do so by other means.
    """
    key = signing_key(request.app.state.settings.signing_key_file)
    part = await queries.stretch(session, (begins, ends), now=now)
    keys = {**await queries.keys_published(session), key.kid: key.public.x}
    asked = {"from": _text(begins), "to": _text(ends), "exported_at": _text(now)}
    lines = _lines(request.app.state.database, part, keys, asked, key)
    name = f"ledger-{now.astimezone(ZONE):%Y%m%d-%H%M%S}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type=JSON_LINES, headers=headers)


async def _lines(
    database: Database,
    part: Stretch,
    keys: dict[str, str],
    asked: dict[str, str | None],
    key: SigningKey,
) -> AsyncIterator[bytes]:
    heads: dict[str, Head] = {}
    entries = 0
    async for links in queries.walk(database, part):
        yield b"".join(map(_entry, links))
        entries += len(links)
        heads[links[-1].chain] = links[-1].head
    roots = [part.opening, *part.roots] if part.opening else part.roots
    yield b"".join(map(_root, roots))
    for kid, x in keys.items():
        yield _line("key", kid=kid, kty="OKP", crv="Ed25519", x=x)
    statement = canonical(
        {
            **asked,
            "export": FORMAT,
            "opening": part.opening.day.isoformat() if part.opening else None,
            "until": _text(part.until),
            "entries": entries,
            "roots": len(roots),
            "heads": {chain: [head.index, head.hash.hex()] for chain, head in heads.items()},
        }
    )
    signature = key.sign(digest_of(statement)).hex()
    yield _line("end", statement=statement, kid=key.kid, signature=signature)


def _entry(link: Link) -> bytes:
    return _line(
        "entry",
        chain=link.chain,
        index=link.index,
        at=_text(link.at),
        entry=link.entry,
        hash=link.hash.hex(),
    )


def _root(root: DayRoot) -> bytes:
    return _line(
        "root",
        day=root.day.isoformat(),
        statement=root.seal.statement,
        root=root.seal.root.hex(),
        kid=root.seal.kid,
        signature=root.seal.signature.hex(),
    )


def _line(kind: str, **facts: object) -> bytes:
    return canonical({"line": kind, **facts}).encode() + b"\n"


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(ZONE).isoformat() if moment else None


@router.post("/ledger/verify")
async def verify_ledger(
    request: Request, session: Transaction, _: Reader, now: Now, period: PeriodBody
) -> VerdictView:
    """Follow every chain of a period now, from one signed root to another.

    The hub checks itself here; whoever does not trust it takes the export.
    """
    key = signing_key(request.app.state.settings.signing_key_file)
    part = await queries.stretch(session, (period.begins, period.ends), now=now)
    published = {**await queries.keys_published(session), key.kid: key.public.x}
    keys = {kid: public_key(kid, x) for kid, x in published.items()}
    roots = [part.opening, *part.roots] if part.opening else part.roots
    flaws = {root.day: root.flaw(keys) for root in roots}
    check = Check(part.start, [root.heads for root in part.roots if not flaws[root.day]])
    async for links in queries.walk(request.app.state.database, part):
        await asyncio.to_thread(check.see, links)
    breaches = {one.chain: one for one in check.breaches()}
    return VerdictView(
        holds=not breaches and not any(flaws.values()),
        opening=part.opening.day if part.opening else None,
        until=part.until,
        chains=[
            ChainView(
                chain=chain,
                entries=check.seen[chain],
                breach=BreachView(index=breaches[chain].index, why=breaches[chain].why)
                if chain in breaches
                else None,
            )
            for chain in sorted({*part.last, *breaches})
        ],
        roots=[CheckedRootView(day=day, flaw=why) for day, why in flaws.items()],
    )
