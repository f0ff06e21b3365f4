"""One run from one seed: drive, break, heal, wait until it is quiet, compare."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from deploy.local import keys
from deploy.scenario.client import Refused
from tests.bench.load import CONNECTED
from tests.chaos import checker
from tests.chaos.driver import World, lift_all, push_on, suspend_now_and_then
from tests.chaos.faults import Fault, menu
from tests.chaos.journal import Journal, Operation
from tests.chaos.outbound import OUT, check_starts, forward_on
from tests.chaos.run import Run

LASTS = 2.0
"""Seconds of a storm."""
FAULTS = 2


@dataclass(frozen=True)
class Weather:
    """What a run came to."""

    faults: Sequence[str]
    operations: Sequence[Operation]
    breaches: Sequence[str]


async def storm(run: Run, seed: int, folder: Path, *, is_long: bool = False) -> Weather:
    """Run one seed; the same seed breaks the same things after the same times.

    ``is_long`` adds what takes longer than the tests of a change may.
    """
    rng, hub = Random(seed), run.hub
    run.receiver.rng = Random(f"{seed} receiver")
    facts = hub.demo()
    with Journal(folder / f"{seed}.jsonl") as journal:
        journal.say("seed", seed=seed)
        world = World(
            origin=hub.origin,
            port=run.inward.port,
            submissions=keys.superuser_url(hub.hub, "submissions"),
            accounts={one["username"]: one["password"] for one in facts["accounts"]},
            keys={one: hub.hub.secrets / f"{one}.pem" for one in CONNECTED},
            period=facts["periods"]["KTXH-THANG"][0],
            journal=journal,
        )
        suspended, *others = rng.sample(CONNECTED, 3)
        async with _driven(world, suspended, others, seed):
            broken = await _break(run, rng, menu(is_long=is_long), journal)
        run.facts += journal.facts
        run.notices += journal.notices
        busy, breaches = await checker.wait_until_quiet(run)
        if not busy:
            for code in (suspended, OUT):
                breaches += await asyncio.to_thread(_lift, world, code)
            breaches += await checker.dead_letters(run)
            breaches += await asyncio.to_thread(
                lambda: [*checker.check(hub, journal.operations), *check_starts(hub)]
            )
        breaches = run.news([*busy, *breaches])
        for breach in breaches:
            journal.say("breach", what_broke=breach)
        return Weather(broken, journal.operations, breaches)


@asynccontextmanager
async def _driven(
    world: World, suspended: str, others: Sequence[str], seed: int
) -> AsyncIterator[None]:
    """Push and suspend while the block lasts; end when every answer has come."""
    name = f"{seed}-{id(world):x}"
    async with asyncio.TaskGroup() as actors:
        for code in (suspended, *others):
            actors.create_task(push_on(world, code, Random(f"{seed} {code}"), name))
        for code, direction in ((suspended, "inbound"), (OUT, "outbound")):
            actors.create_task(
                suspend_now_and_then(world, code, direction, Random(f"{seed} {code} stops"))
            )
        actors.create_task(forward_on(world, Random(f"{seed} facts")))
        try:
            yield
        finally:
            world.stop.set()


async def _break(run: Run, rng: Random, choice: Sequence[Fault], journal: Journal) -> list[str]:
    plan = sorted((rng.uniform(0.3, LASTS), rng.choice(choice)) for _ in range(FAULTS))
    broken, past = [], 0.0
    for at, fault in plan:
        await asyncio.sleep(at - past)
        past = at
        try:
            said = await fault(run, rng)
        except Exception as why:  # a fault may meet what an earlier one broke
            said = f"{fault.__name__}: {type(why).__name__}"
        journal.say("fault", said=said)
        broken.append(said)
    await asyncio.sleep(max(0.0, LASTS - past))
    return broken


def _lift(world: World, connection: str) -> list[str]:
    with world.http() as http:
        try:
            is_lifted = lift_all(world, http, connection)
        except Refused as why:
            return [f"I10: {connection} cannot be lifted: {why}"]
    return [] if is_lifted else [f"I10: {connection} cannot be lifted"]
