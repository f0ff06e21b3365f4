"""W2: 200 requests a second arrive; one connection is flagged and suspended, the other goes on.

Two proofs that nothing is accepted after the commit: no push that was sent after the order had
been answered got 202, and in the ledger, which is written under the connection's lock, no
delivery stands between the suspension and its lift.
"""

import asyncio
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from deploy.scenario.client import CONNECTIONS, Person
from tests.bench.load import Delivery, tiny
from tests.bench.results import Results, percentile
from tests.bench.stage import Stage
from tests.bench.wire import Line, lines

W = "W2"
ROUNDS = 20
A_SECOND = {"stopped": 150, "other": 50}
BEFORE = AFTER = 0.4
"""Seconds of pushing around the order."""
AT_ONCE = 40
OTHER = "load-8"


@dataclass
class Push:
    """One push, by the driver's clock."""

    sent_at: float
    answered_at: float
    status: int


@dataclass
class Stream:
    """A connection that pushes at an even rate, whether answers come or not (open loop)."""

    code: str
    token: str
    a_second: int
    pushes: list[Push] = field(default_factory=list)

    async def run(self, free: "asyncio.Queue[Line]", host: str, stop: asyncio.Event) -> None:
        """Push until ``stop``."""
        began, sending = time.perf_counter(), set()
        for number in itertools.count():
            await asyncio.sleep(began + number / self.a_second - time.perf_counter())
            if stop.is_set():
                break
            sending.add(asyncio.create_task(self._push(tiny(self.code), free, host)))
        await asyncio.gather(*sending)

    async def _push(self, delivery: Delivery, free: "asyncio.Queue[Line]", host: str) -> None:
        line = await free.get()
        sent_at = time.perf_counter()
        answer = await line.ask(delivery.request(self.token, host))
        self.pushes.append(Push(sent_at, time.perf_counter(), answer.status))
        free.put_nowait(line)


@dataclass
class Times:
    """What each round took, in milliseconds from the moment the order was sent."""

    ordered: list[float] = field(default_factory=list)
    """Until the order was answered: it has committed."""
    effect: list[float] = field(default_factory=list)
    """Until the last push that was accepted had been answered: from then on all are refused."""
    refused: list[float] = field(default_factory=list)
    """Until the first refusal reached the caller."""
    pushes: int = 0
    seconds: float = 0.0
    late: int = 0


async def measure(stage: Stage, results: Results) -> None:
    """Suspend and lift, round after round."""
    times = Times()
    async with lines(stage.hub.origin, AT_ONCE) as opened:
        free: asyncio.Queue[Line] = asyncio.Queue()
        for line in opened:
            free.put_nowait(line)
        for number in range(ROUNDS):
            await _round(stage, results, times, free, f"load-{number % 7 + 1}")
    results.add(W, "requests/s in", times.pushes / times.seconds, sum(A_SECOND.values()))
    results.add(W, "accepted after the commit", times.late)
    for share in (0.5, 0.99):
        name = f"p{share * 100:.0f}"
        ordered = percentile(times.ordered, share)
        results.add(W, f"order answered {name} ms", ordered)
        results.add(W, f"in effect {name} ms", percentile(times.effect, share), ordered)
        results.add(W, f"first refusal at the caller {name} ms", percentile(times.refused, share))


async def _round(
    stage: Stage, results: Results, times: Times, free: "asyncio.Queue[Line]", code: str
) -> None:
    stopped = _stream(stage, code, A_SECOND["stopped"])
    other = _stream(stage, OTHER, A_SECOND["other"])
    stop, began = asyncio.Event(), time.perf_counter()
    running = [
        asyncio.create_task(one.run(free, stage.hub.origin, stop)) for one in (stopped, other)
    ]
    operator = stage.person("ket-noi-1")
    await asyncio.sleep(BEFORE)
    asked_at = time.perf_counter()
    order = await asyncio.to_thread(_suspend, operator, code)
    answered_at = time.perf_counter()
    await asyncio.sleep(AFTER)
    stop.set()
    await asyncio.gather(*running)
    times.seconds += time.perf_counter() - began
    times.pushes += len(stopped.pushes) + len(other.pushes)
    await asyncio.to_thread(_lift, stage, order)
    late = [one for one in stopped.pushes if one.sent_at > answered_at and one.status == 202]
    late_in_ledger = await asyncio.to_thread(_late_in_ledger, stage, code, order)
    times.late += max(len(late), late_in_ledger)
    results.expect(not late, f"{W}: {code}: {len(late)} accepted after the order was answered")
    results.expect(not late_in_ledger, f"{W}: {code}: {late_in_ledger} in the ledger after it")
    strange = {one.status for one in stopped.pushes} - {202, 503}
    results.expect(not strange, f"{W}: {code} was answered {strange}")
    disturbed = {one.status for one in other.pushes} - {202}
    results.expect(not disturbed, f"{W}: {OTHER} was disturbed: {disturbed}")
    _time(times, stopped.pushes, asked_at, answered_at)


def _time(times: Times, pushes: list[Push], asked_at: float, answered_at: float) -> None:
    accepted = [one.answered_at for one in pushes if one.status == 202]
    refused = [one.answered_at for one in pushes if one.status == 503]
    times.ordered.append((answered_at - asked_at) * 1000)
    times.effect.append(max(0.0, max(accepted, default=asked_at) - asked_at) * 1000)
    times.refused.append((min(refused, default=answered_at) - asked_at) * 1000)


def _stream(stage: Stage, code: str, a_second: int) -> Stream:
    return Stream(code, stage.token(code), a_second)


def _suspend(operator: Person, code: str) -> dict[str, Any]:
    found: dict[str, Any] = operator.post(
        f"{CONNECTIONS}/suspensions",
        {
            "ground": "SECURITY_RISK",
            "scope": {"kind": "connection", "code": code, "directions": ["inbound"]},
            "public_reason": "Đo thời gian tạm ngừng",
        },
    )
    return found


def _lift(stage: Stage, order: dict[str, Any]) -> None:
    path = f"{CONNECTIONS}/suspensions/{order['id']}/lift"
    stage.person("ket-noi-1").post(path, {"remedy": "Đo xong", "held": {"choose": "all"}})
    stage.person("ket-noi-2").post(f"{path}/approve")


def _late_in_ledger(stage: Stage, code: str, order: dict[str, Any]) -> int:
    """Count the deliveries that the connection's chain has between suspension and lift."""
    auditor, after = stage.person("kiem-toan"), None
    is_stopped, late = False, 0
    while True:
        asked = {"chain": code, "from": order["requested_at"], "limit": 500}
        page = auditor.get(f"{CONNECTIONS}/ledger", **asked, **({"after": after} if after else {}))
        for line in page["items"]:
            entry = json.loads(line["entry"])
            if entry["kind"] == "state-changed":
                is_stopped = entry["to"] == "SUSPENDED"
            late += is_stopped and entry["kind"] == "delivery-received"
        after = page["next"]
        if not after:
            return late
