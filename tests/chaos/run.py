"""What outlives a storm: wires, receiver, subscribers, and what the run has said and found so far.

A promise that an earlier storm broke is told by that storm; the later ones are judged by what they
break themselves.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from chassis.clock import now
from deploy.local.layout import RECEIVER
from tests.chaos import mails, outbound
from tests.chaos.journal import Fact, Journal
from tests.chaos.receiver import Receiver, receiving
from tests.chaos.wires import Wire
from tests.support.hub import RunningHub

SUBSCRIPTIONS = "/api/notifications/v1/subscriptions"
ALL_OUT_WITHIN = 240.0
"""Seconds for what waits outside the hub's power: leases of a minute and pauses between tries."""


@dataclass
class Run:
    """Storms over one hub."""

    hub: RunningHub
    inward: Wire
    """Between the systems and people outside and the gateway."""
    outward: Wire
    """Between the dispatcher and the receiver."""
    receiver: Receiver
    began_at: datetime
    poured: int = 0
    """Records of poison on the topics; each makes one dead letter."""
    facts: list[Fact] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """Ids of the public notices of orders that were acknowledged."""
    lost: set[str] = field(default_factory=set)
    """Receipts that an earlier storm left without an end."""
    told: set[str] = field(default_factory=set)

    def news(self, breaches: Sequence[str]) -> list[str]:
        """Return those of ``breaches`` that no earlier storm has told."""
        new = [one for one in dict.fromkeys(breaches) if one not in self.told]
        self.told.update(new)
        return new


@contextlib.contextmanager
def a_run(hub: RunningHub, folder: Path) -> Iterator[Run]:
    """Lay the wires of a hub that runs, listen outside, subscribe to its notices."""
    for reader in mails.READERS:
        httpx.post(
            f"{hub.origin}{SUBSCRIPTIONS}", json={"email": reader}, timeout=10
        ).raise_for_status()
    with (
        Journal(folder / "receiver.jsonl") as journal,
        receiving(journal) as (receiver, port),
        Wire(0, hub.hub.port).open() as inward,
        Wire(hub.hub.port + RECEIVER, port).open() as outward,
    ):
        yield Run(hub, inward, outward, receiver, began_at=now())


async def last_look(run: Run) -> list[str]:
    """Wait until everything that was to leave the hub has left; return what is wrong with it."""
    end = time.monotonic() + ALL_OUT_WITHIN
    while left := await asyncio.to_thread(_under_way, run):
        if time.monotonic() > end:
            return run.news([f"I10: not within {ALL_OUT_WITHIN:.0f} s: {left}"])
        await asyncio.sleep(0.5)
    return run.news(await asyncio.to_thread(lambda: list(_check(run))))


def _under_way(run: Run) -> str:
    dispatches, letters = outbound.under_way(run.hub), mails.under_way(run.hub)
    return f"{dispatches} dispatches, {letters} mails" if dispatches or letters else ""


def _check(run: Run) -> Iterator[str]:
    arrivals = list(run.receiver.arrivals)
    yield from outbound.check_starts(run.hub)
    yield from outbound.check_arrivals(run.facts, arrivals)
    yield from outbound.check_all_out(run.hub, run.facts, arrivals)
    yield from mails.check(run.hub, run.notices, run.began_at)
