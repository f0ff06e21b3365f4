"""W1: eight connections push until every figure is committed and every receipt is complete."""

import asyncio
import time
from collections.abc import Mapping

from tests.bench import proofs, raw
from tests.bench.load import REGIME, year_after_year
from tests.bench.pushing import Round, push_all
from tests.bench.results import Results
from tests.bench.stage import Stage

W = "W1"
YEARS = 6
"""How often a round pushes every report of the year, each time with other figures."""
ROUNDS = (("warming up", False, 1), ("1,080 figures", False, YEARS), ("1,000 figures", True, YEARS))


MINUTES = 10
"""How long the hub is kept busy to see whether its memory grows."""


async def measure(stage: Stage, results: Results) -> None:
    """Measure, and hold what the hub says against what was sent.

    The first round is not told: the broker compiles what it runs often.
    """
    periods = list(stage.facts["periods"][REGIME])
    run = int(time.time()) % 100_000
    before = await asyncio.to_thread(proofs.versions, stage, periods)
    memory = stage.megabytes()
    rounds: list[Round] = []
    for name, exact, years in ROUNDS:
        ready = list(year_after_year(periods, run, years, exact=exact))
        run += years
        done = await push_all(stage, ready)
        if rounds:
            year = ready[-len(ready) // years :]
            limit = await raw.write_versions(stage.hub, [one.body for one in year])
            done.say(results, W, name, limit)
        await asyncio.to_thread(proofs.check_receipts, stage, results, W, done)
        rounds.append(done)
    _say_memory(stage, results, memory)
    await proofs.check_replay(stage, results, W, rounds[-1])
    after = await asyncio.to_thread(proofs.versions, stage, periods)
    proofs.check_versions(results, W, before, after, rounds)
    await asyncio.to_thread(proofs.check_cells, stage, results, W, year)


async def endure(stage: Stage, results: Results) -> None:
    """Keep the hub busy and see whether what it holds in memory grows; ``make bench W=W1-long``.

    Memory is counted from the end of the first minute on, when every pool is full.
    """
    periods = list(stage.facts["periods"][REGIME])
    run, began = int(time.time()) % 100_000, time.monotonic()
    before = await asyncio.to_thread(proofs.versions, stage, periods)
    memory: Mapping[str, float] = {}
    rounds: list[Round] = []
    while time.monotonic() - began < MINUTES * 60:
        if not memory and time.monotonic() - began > 60:
            memory = stage.megabytes()
        ready = list(year_after_year(periods, run, YEARS))
        rounds.append(await push_all(stage, ready))
        run += YEARS
    took = sum(done.took for done in rounds)
    figures = sum(done.figures for done in rounds)
    results.add(W, f"figures/s over {MINUTES} minutes", figures / took)
    _say_memory(stage, results, memory)
    after = await asyncio.to_thread(proofs.versions, stage, periods)
    proofs.check_versions(results, W, before, after, rounds)


def _say_memory(stage: Stage, results: Results, before: Mapping[str, float]) -> None:
    for part, size in stage.megabytes().items():
        results.add(W, f"MB resident, end (limit: start): {part}", size, before[part])
