"""Exports of the exchange ledger for tests: a ledger of some days, and ways to tamper with it.

``kept = asyncio.run(some_days(url, folder))`` lets two connections live for three days; a tampering
is a function from the lines of an export to other lines. ``ours`` and the stranger's ``check``
say what they find in the same words.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chassis.clock import now
from connector_gateway.commands.keys import SigningKey, signing_key
from connector_gateway.commands.ledger import sign_roots
from connector_gateway.domain.ledger import canonical
from connector_gateway.verify_ledger.checks import verify
from connector_gateway.verify_ledger.files import PublicRoot
from tests.support.gateway import Gateway, a_gateway
from tests.support.partner import API, a_delivery
from tests.support.postgres import empty
from tests.support.services import a_token

FIRST = now().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
"""Tomorrow: pushes take the real time or that of the entry before, whichever is later."""
DAY = timedelta(days=1)
CODES = ("dan-cu", "qg-tthc")
Line = dict[str, Any]
Tampering = Callable[[list[Line]], list[Line]]
Found = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """What an outsider took home: an export of all, one of a day, the roots made public."""

    export: bytes
    part: bytes
    roots: list[dict[str, str]]
    keys: list[dict[str, str]]
    signer: SigningKey

    @property
    def lines(self) -> list[Line]:
        """Return the lines of the export."""
        return [json.loads(line) for line in self.export.splitlines()]


def day(number: int) -> str:
    """Return a day of the story; on the day before the first, connections are opened."""
    return str((FIRST + number * DAY).date())


async def some_days(url: str, folder: Path) -> Kept:
    """Let two connections live for three days, each signed on the morning after, but the last."""
    empty(url)
    async with a_gateway(url, folder) as gateway:
        await live(gateway, days=3)
        reads = {"by": gateway.operator}
        span = f"?from={day(1)}T01:00:00Z&to={day(1)}T10:00:00Z"
        export = await gateway.call("GET", "/ledger/export", **reads)
        part = await gateway.call("GET", f"/ledger/export{span}", **reads)
        public = await gateway.client.get("/.well-known/ledger-roots.json")
        return Kept(
            export.content,
            part.content,
            public.json()["items"],
            public.json()["keys"],
            signing_key(gateway.settings.signing_key_file),
        )


async def live(gateway: Gateway, *, days: int) -> None:
    """Open two connections and let both live for some days; each morning yesterday is signed."""
    gateway.clock.moment = FIRST - DAY
    for code in CODES:
        await gateway.open(code)
    for day in range(days):
        await live_a_day(gateway, FIRST + day * DAY)


async def live_a_day(gateway: Gateway, morning: datetime) -> None:
    """Sign the root of yesterday; suspend, be refused, lift and push on both connections."""
    key = signing_key(gateway.settings.signing_key_file)
    async with gateway.database.transaction() as session:
        await sign_roots(session, key, now=morning.replace(hour=0, minute=5))
    for code in CODES:
        gateway.clock.moment = morning
        order = (await gateway.suspend(code))["id"]
        assert await pushed(gateway, code, morning) == 503
        await gateway.lift(order)
        assert await pushed(gateway, code, morning + timedelta(minutes=1)) == 202


async def pushed(gateway: Gateway, code: str, moment: datetime) -> int:
    """Push at a moment, whatever the clock of tokens says; return the status."""
    gateway.clock.moment = moment
    headers = {
        "Authorization": f"Bearer {a_token(sub=code, connection=code, epoch=1000)}",
        "Content-Type": "application/json",
        "Idempotency-Key": moment.isoformat(),
    }
    path = f"{API}/connections/{code}/deliveries"
    return (await gateway.client.post(path, json=a_delivery(), headers=headers)).status_code


def written(lines: list[Line]) -> bytes:
    """Write an export as the hub does."""
    return b"".join(canonical(line).encode() + b"\n" for line in lines)


def ours(export: Path, roots: list[dict[str, str]]) -> Found:
    """Return what the hub's own verifier finds, in the stranger's words."""
    report = verify(export, [PublicRoot.model_validate(root).day_root for root in roots])
    found: Found = {one.chain: (one.index, one.why) for one in report.breaches}
    for why, blanks in report.flaws:
        what, _, how = why.partition("-")
        match what:
            case "no":
                found["end"] = "missing"
            case "line":
                found[f"line {blanks['number']}"] = "unreadable"
            case "end":
                found["end"] = "altered" if how == "altered" else "unsigned"
            case _:
                is_signed = how in ("altered", "contradicted")
                found[f"root {blanks['day']}"] = how if is_signed else "unsigned"
    return found


def place_of(lines: list[Line], chain: str, index: int) -> int:
    """Return where an entry stands in an export."""
    return next(
        place
        for place, line in enumerate(lines)
        if (line.get("chain"), line.get("index")) == (chain, index)
    )


def other_bytes(line: Line, member: str, old: str, new: str) -> None:
    """Exchange a part of a member; ``old`` empty: its first character."""
    said = line[member]
    old = old or said[0]
    assert old in said
    line[member] = said.replace(old, new or ("1" if old == "0" else "0"), 1)


def changed(chain: str, index: int, member: str, old: str = "", new: str = "") -> Tampering:
    """Put other bytes into one member of one entry."""

    def tamper(lines: list[Line]) -> list[Line]:
        other_bytes(lines[place_of(lines, chain, index)], member, old, new)
        return lines

    return tamper


def dropped(chain: str, *, since: int = 1, until: int = 1000) -> Tampering:
    """Take entries of a chain away."""

    def tamper(lines: list[Line]) -> list[Line]:
        return [
            line
            for line in lines
            if line.get("chain") != chain or not since <= line["index"] <= until
        ]

    return tamper


def swapped(chain: str, one: int, other: int, *members: str) -> Tampering:
    """Exchange two entries: whole lines, or only ``members``, so that the indices stay."""

    def tamper(lines: list[Line]) -> list[Line]:
        first, second = (lines[place_of(lines, chain, index)] for index in (one, other))
        for member in members or tuple(first):
            first[member], second[member] = second[member], first[member]
        return lines

    return tamper


def without(kind: str, nth: int = 0) -> Tampering:
    """Take away the n-th line of a kind."""

    def tamper(lines: list[Line]) -> list[Line]:
        gone = [line for line in lines if line["line"] == kind][nth]
        return [line for line in lines if line is not gone]

    return tamper


def altered(kind: str, nth: int, member: str, old: str = "", new: str = "") -> Tampering:
    """Put other bytes into the n-th line of a kind that is no entry."""

    def tamper(lines: list[Line]) -> list[Line]:
        line = [line for line in lines if line["line"] == kind][nth]
        other_bytes(line, member, old, new)
        return lines

    return tamper
