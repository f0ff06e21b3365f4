"""W1: eight connections push until every figure is committed and every receipt is complete."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

from deploy.scenario.client import CONNECTIONS, SUBMISSIONS
from tests.bench import raw
from tests.bench.load import COLUMNS, CONNECTED, REGIME, ROWS, Delivery, deliveries, value_of
from tests.bench.results import Results, percentile
from tests.bench.stage import Stage, spent
from tests.bench.wire import Line, lines, request

W = "W1"
AT_ONCE = 2
"""Pushes that a connection has under way at a time."""
WAIT = 30
SAMPLE = 12


@dataclass
class Round:
    """What one push of every report of the year came to."""

    pushed: dict[str, Delivery] = field(default_factory=dict)
    """By receipt."""
    seconds: list[float] = field(default_factory=list)
    """Of each 202."""
    indices: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Places in the ledger of each connection."""
    refused: list[str] = field(default_factory=list)
    took: float = 0.0

    @property
    def figures(self) -> int:
        """Return how many figures were pushed."""
        return sum(one.figures for one in self.pushed.values())


async def measure(stage: Stage, results: Results) -> None:
    """Measure, and hold what the hub says against what was sent."""
    periods = list(stage.facts["periods"][REGIME])
    run = int(time.time()) % 100_000
    before = await asyncio.to_thread(_versions, stage, periods)
    rounds = []
    for number, (name, exact) in enumerate(
        [("1,080 figures", False), ("1,080 again", False), ("1,000 figures", True)]
    ):
        ready = list(deliveries(periods, run + number, exact=exact))
        cpu, own = stage.cpu_seconds(), psutil.Process().cpu_times()
        done = await _push_all(stage, ready)
        used = spent(cpu, stage.cpu_seconds())
        limit = await raw.write_versions(stage.hub, [one.body for one in ready])
        _say(results, name, done, limit)
        if number == 1:
            now = psutil.Process().cpu_times()
            used["driver"] = now.user + now.system - own.user - own.system
            _say_cpu(results, done, used)
        await asyncio.to_thread(_check_receipts, stage, results, done)
        rounds.append(done)
    await _check_replay(stage, results, rounds[-1])
    after = await asyncio.to_thread(_versions, stage, periods)
    _check_versions(results, before, after, rounds)
    await asyncio.to_thread(_check_cells, stage, results, rounds[-2], run + 1)


async def _push_all(stage: Stage, ready: Sequence[Delivery]) -> Round:
    tokens = {code: stage.token(code) for code in CONNECTED}
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


def _say(results: Results, name: str, done: Round, limit: float) -> None:
    results.expect(not done.refused, f"{W} {name}: refused: {done.refused[:2]}")
    results.add(W, f"figures/s, deliveries of {name}", done.figures / done.took, limit)
    results.add(W, f"deliveries/s of {name}", len(done.pushed) / done.took)
    for share in (0.5, 0.99):
        took = percentile(done.seconds, share) * 1000
        results.add(W, f"202 p{share * 100:.0f} ms, {name}", took)


def _say_cpu(results: Results, done: Round, used: dict[str, float]) -> None:
    for name, seconds in sorted(used.items(), key=lambda pair: -pair[1]):
        if seconds > 0.01 * sum(used.values()):
            each = seconds * 1000 / len(done.pushed)
            results.add(W, f"CPU ms a delivery: {name}", each)
    results.add(W, "cores busy, driver included", sum(used.values()) / done.took)


def _check_receipts(stage: Stage, results: Results, done: Round) -> None:
    """Every receipt is complete and counts exactly the figures that were sent."""
    left = dict(done.pushed)
    for code in CONNECTED:
        for receipt in _receipts(stage, code, sum(one.connection == code for one in left.values())):
            delivery = left.pop(receipt["receipt"], None)
            if delivery is None:
                continue
            counts = receipt["counts"] or {}
            results.expect(
                receipt["state"] == "completed"
                and counts["created"] + counts["updated"] == delivery.figures
                and not receipt["rejections"],
                f"{W}: receipt {receipt['receipt']}: {receipt['state']} {counts}",
            )
        indices = sorted(done.indices[code])
        gapless = indices == list(range(indices[0], indices[0] + len(indices)))
        results.expect(gapless, f"{W}: the ledger of {code} has gaps or doubles")
    results.expect(not left, f"{W}: {len(left)} receipts are lost")


def _receipts(stage: Stage, code: str, count: int) -> Iterator[dict[str, Any]]:
    system, after = stage.system(code), None
    path = f"{CONNECTIONS}/connections/{code}/deliveries"
    while count > 0:
        asked = {"limit": 100} | ({"after": after} if after else {})
        page = system.get(path, **asked)
        yield from page["items"]
        count -= len(page["items"])
        after = page["next"]
        if not after:
            return


async def _check_replay(stage: Stage, results: Results, done: Round) -> None:
    """The same push again answers the same receipt."""
    latest = {one.connection: (receipt, one) for receipt, one in done.pushed.items()}
    async with lines(stage.hub.origin, 1) as [line]:
        for code, (receipt, delivery) in latest.items():
            answer = await line.ask(delivery.request(stage.token(code), stage.hub.origin))
            results.expect(
                answer.status == 202 and answer.json()["receipt"] == receipt,
                f"{W}: the same push again: {answer.status} {answer.body[:200]!r}",
            )


def _versions(stage: Stage, periods: list[str]) -> dict[tuple[str, str], int]:
    """Return the version at which each report of the year stands."""
    reviewer = stage.person("tong-hop-vpub")
    found: dict[tuple[str, str], int] = {}
    for period in periods:
        page = reviewer.get(f"{SUBMISSIONS}/reports", regime=REGIME, period=period, limit=500)
        found |= {(one["unit"], period): one["version"] for one in page["items"]}
    return found


def _check_versions(
    results: Results,
    before: dict[tuple[str, str], int],
    after: dict[tuple[str, str], int],
    rounds: Sequence[Round],
) -> None:
    """Every delivery made one version of each of its reports, none less and none more."""
    wanted = dict(before)
    for done in rounds:
        for delivery in done.pushed.values():
            for report in delivery.reports:
                wanted[report] += 1
    wrong = {
        report: (wanted[report], after.get(report))
        for report in wanted
        if wanted[report] != after.get(report)
    }
    results.expect(not wrong, f"{W}: {len(wrong)} reports at another version: {wrong}"[:400])


def _check_cells(stage: Stage, results: Results, done: Round, run: int) -> None:
    """What stands in reports that the exact round touched in part is what was sent last."""
    reviewer = stage.person("kiem-toan")
    for delivery in list(done.pushed.values())[:: max(1, len(done.pushed) // SAMPLE)]:
        agency, period = delivery.reports[0]
        asked = {"regime": REGIME, "period": period, "unit": agency}
        [item] = reviewer.get(f"{SUBMISSIONS}/reports", **asked)["items"]
        cells = reviewer.get(f"{SUBMISSIONS}/reports/{item['report']}")["cells"]
        wanted = {
            f"{row}:{column}": value_of(run + 1, place, number)
            for place, row in enumerate(ROWS)
            for number, column in enumerate(COLUMNS)
        }
        wrong = {cell for cell, value in wanted.items() if not _same(cells.get(cell), value)}
        results.expect(not wrong, f"{W}: {agency} {period} holds other figures: {wrong}"[:300])


def _same(found: str | None, sent: str) -> bool:
    return found is not None and found.removesuffix(".0") == sent.removesuffix(".0")
