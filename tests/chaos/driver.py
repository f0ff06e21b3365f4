"""Systems that push and operators that suspend while things break: what a real hub lives with."""

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from deploy.scenario.agencies import communes
from deploy.scenario.client import CONNECTIONS, Person, Refused, System
from tests.bench.load import CONNECTED, REGIME
from tests.chaos.journal import Journal, Operation, Told
from tests.chaos.wires import Through

CELLS = ["1.1:plan", "1.2:month", "2.1:estimate"]
PATIENCE = 8.0
"""Seconds after which nobody waits for an answer any more."""
TRIES = 4
BROKEN = ['{"regime": ', "[]", "\x00"]
"""Bodies that the door refuses."""


@dataclass
class World:
    """The hub as the driver knows it."""

    origin: str
    port: int
    """Where the wire to its gateway begins."""
    submissions: str
    """The database of submissions."""
    accounts: dict[str, str]
    keys: dict[str, Any]
    period: str
    journal: Journal
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def http(self) -> httpx.Client:
        """Return a client that reaches the gateway over the wire."""
        return httpx.Client(base_url=self.origin, timeout=PATIENCE, transport=Through(self.port))

    def person(self, http: httpx.Client, username: str) -> Person:
        """Return a person of the scenario."""
        return Person(http, username=username, password=self.accounts[username])


async def push_on(world: World, connection: str, rng: Random, seed: str) -> None:
    """Push one figure after the other; a push without an answer is asked again with its key."""
    place = CONNECTED.index(connection)
    agencies = [str(one["code"]) for one in communes()[place :: len(CONNECTED)][:2]]
    number = 0
    with world.http() as http:
        system = System(http, code=connection, key_file=world.keys[connection])
        while not world.stop.is_set():
            number += 1
            agency, cell = rng.choice(agencies), rng.choice(CELLS)
            value = str(rng.randrange(10**9))
            asked = Operation(
                f"{seed}-{connection}-{number}", connection, agency, cell, value, Told.UNKNOWN
            )
            broken = rng.choice(BROKEN) if rng.random() < 0.1 else None
            world.journal.note(await asyncio.to_thread(_push, world, system, asked, broken))


def _push(world: World, system: System, asked: Operation, broken: str | None) -> Operation:
    began = time.time()
    told, status, said = Told.UNKNOWN, None, {}
    for again in range(TRIES):
        try:
            answer = system.ask(
                "POST",
                f"{CONNECTIONS}/connections/{asked.connection}/deliveries",
                content=(broken or _body(world, asked)).encode(),
                headers={"Idempotency-Key": asked.key, "Content-Type": "application/json"},
            )
        except Refused as why:
            if why.status == 503 and _is_suspended(why.problem):
                told, status = (Told.UNKNOWN if again else Told.FAIL), 503
                break
            time.sleep(0.1)
            continue
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        status = answer.status_code
        if status == 202:
            told, said = Told.OK, answer.json()
            break
        if status == 401:
            system.ends_at = 0.0
        elif status < 500 or _is_suspended(answer.json() if _is_problem(answer) else {}):
            # An earlier try may have been taken in before its answer was lost.
            told = Told.UNKNOWN if again else Told.FAIL
            break
        time.sleep(0.1)
    return Operation(
        **{
            **vars(asked),
            "told": told,
            "status": status,
            "receipt": said.get("receipt"),
            "ledger_index": said.get("ledger_index"),
            "begun_at": began,
            "ended_at": time.time(),
        }
    )


def _body(world: World, asked: Operation) -> str:
    row, column = asked.cell.split(":")
    return (
        f'{{"regime": "{REGIME}", "period": "{world.period}", "figures": [{{"agency": '
        f'"{asked.agency}", "row": "{row}", "column": "{column}", "value": "{asked.value}"}}]}}'
    )


def _is_problem(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("content-type", "").startswith("application/problem"))


def _is_suspended(problem: dict[str, Any]) -> bool:
    return bool(problem.get("type") == "/problems/connection-suspended")


async def suspend_now_and_then(world: World, connection: str, direction: str, rng: Random) -> None:
    """Suspend a direction of a connection and lift it again, over and over."""
    with world.http() as http:
        while not world.stop.is_set():
            await asyncio.sleep(rng.uniform(0.1, 0.5))
            await asyncio.to_thread(_suspend, world, http, connection, direction)
            await asyncio.sleep(rng.uniform(0.1, 0.4))
            await asyncio.to_thread(lift_all, world, http, connection)


def _suspend(world: World, http: httpx.Client, connection: str, direction: str) -> None:
    order = {
        "ground": "SECURITY_RISK",
        "scope": {"kind": "connection", "code": connection, "directions": [direction]},
        "public_reason": "Thử nghiệm sự cố",
    }
    try:
        said = world.person(http, "ket-noi-1").post(f"{CONNECTIONS}/suspensions", order)
        world.journal.say("suspended", connection=connection, order=said["id"])
        world.journal.notices.append(str(said["notice"]).rsplit("/", 1)[-1])
    except (Refused, httpx.HTTPError) as why:
        world.journal.say("not suspended", connection=connection, why=str(why)[:200])


def lift_all(world: World, http: httpx.Client, connection: str) -> bool:
    """Lift what is in force on a connection; say whether nothing is left."""
    first, second = (world.person(http, name) for name in ("ket-noi-1", "ket-noi-2"))
    try:
        for order in first.get(f"{CONNECTIONS}/suspensions")["items"]:
            if order["scope"]["code"] != connection or order["state"] not in OPEN:
                continue
            path = f"{CONNECTIONS}/suspensions/{order['id']}/lift"
            if order["state"] == "IN_FORCE":
                first.post(path, {"remedy": "Xong", "held": {"choose": "all"}})
            second.post(f"{path}/approve")
            world.journal.say("lifted", connection=connection, order=order["id"])
    except (Refused, httpx.HTTPError) as why:
        world.journal.say("not lifted", connection=connection, why=str(why)[:200])
        return False
    return True


OPEN = frozenset({"IN_FORCE", "LIFT_REQUESTED"})
