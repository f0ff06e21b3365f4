"""Eight connections push at once, and the driver waits until everything they brought has ended."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

from deploy.scenario.client import CONNECTIONS
from tests.bench.load import CONNECTED, Delivery
from tests.bench.results import Results, percentile
from tests.bench.stage import Stage, spent
from tests.bench.wire import Line, lines, request

AT_ONCE = 2
"""Pushes that a connection has under way at a time."""
WAIT = 30


@dataclass
class Round:
    """What pushing deliveries came to."""

    pushed: dict[str, Delivery] = field(default_factory=dict)
    """By receipt."""
    seconds: list[float] = field(default_factory=list)
    """Of each 202."""
    indices: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Places in the ledger of each connection."""
    refused: list[str] = field(default_factory=list)
    took: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    """CPU seconds of each part of the hub, and of the driver, between first push and last end."""

    @property
    def figures(self) -> int:
        """Return how many figures were pushed."""
        return sum(one.figures for one in self.pushed.values())

    def milliseconds(self, share: float) -> float:
        """Return within how many ms ``share`` of the pushes were answered."""
        return percentile(self.seconds, share) * 1000

    def each(self) -> Mapping[str, float]:
        """Return the CPU ms of a delivery, by part, the dearest first."""
        by_cost = sorted(self.cpu.items(), key=lambda pair: -pair[1])
        return {name: seconds * 1000 / len(self.pushed) for name, seconds in by_cost}

    def say(self, results: Results, workload: str, name: str, limit: float | None = None) -> None:
        """Tell how fast it went and what it cost."""
        results.expect(not self.refused, f"{workload} {name}: refused: {self.refused[:2]}")
        results.add(workload, f"figures/s, {name}", self.figures / self.took, limit)
        results.add(workload, f"deliveries/s, {name}", len(self.pushed) / self.took)
        for share in (0.5, 0.99):
            results.add(workload, f"202 p{share * 100:.0f} ms, {name}", self.milliseconds(share))
        each = self.each()
        for part, cost in each.items():
            if cost > 0.01 * sum(each.values()):
                results.add(workload, f"CPU ms a delivery, {name}: {part}", cost)
        results.add(workload, f"CPU ms a delivery, {name}: all", sum(each.values()))
        results.add(workload, f"cores busy, {name}", sum(self.cpu.values()) / self.took)


async def push_all(stage: Stage, ready: Sequence[Delivery]) -> Round:
    """Push deliveries, those of a connection in their order, until every receipt is complete."""
    tokens = {code: await asyncio.to_thread(stage.token, code) for code in CONNECTED}
    queues = {
        code: iter(
            [
                (one, one.request(tokens[code], stage.hub.origin))
                for one in ready
                if one.connection == code
            ]
        )
        for code in CONNECTED
    }
    done = Round()
    async with lines(stage.hub.origin, AT_ONCE * len(CONNECTED)) as opened:
        before, own = stage.cpu_seconds(), psutil.Process().cpu_times()
        began = time.perf_counter()
        await asyncio.gather(
            *(
                _push(opened[place], queues[CONNECTED[place % len(CONNECTED)]], done)
                for place in range(len(opened))
            )
        )
        await asyncio.gather(
            *(
                _complete(stage, opened[place], code, tokens[code], done)
                for place, code in enumerate(CONNECTED)
            )
        )
        done.took = time.perf_counter() - began
        now = psutil.Process().cpu_times()
        done.cpu = spent(before, stage.cpu_seconds())
        done.cpu["driver"] = now.user + now.system - own.user - own.system
    return done


async def _push(line: Line, queue: Iterator[tuple[Delivery, bytes]], done: Round) -> None:
    for delivery, ready in queue:
        began = time.perf_counter()
        answer = await line.ask(ready)
        done.seconds.append(time.perf_counter() - began)
        if answer.status == 202:
            said = answer.json()
            done.pushed[said["receipt"]] = delivery
            done.indices[delivery.connection].append(said["ledger_index"])
        else:
            done.refused.append(f"{answer.status} {answer.body[:200]!r}")


async def _complete(stage: Stage, line: Line, code: str, token: str, done: Round) -> None:
    """Wait for the latest receipt of a connection: its deliveries are taken in order."""
    mine = [receipt for receipt, one in done.pushed.items() if one.connection == code]
    for receipt in mine[-AT_ONCE:]:
        path = f"{CONNECTIONS}/connections/{code}/deliveries/{receipt}?wait={WAIT}"
        ask = request("GET", path, {"Authorization": f"Bearer {token}"}, host=stage.hub.origin)
        for _ in range(10):
            if (await line.ask(ask)).json()["state"] != "received":
                break
