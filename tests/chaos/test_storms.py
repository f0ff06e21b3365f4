"""Twenty storms over one hub: nothing acknowledged is lost, nothing happens twice, all heals."""

from collections.abc import Iterator

import pytest

from tests.chaos.run import Run, a_run, last_look
from tests.chaos.storm import storm
from tests.support.hub import a_hub
from tests.support.keeper import run_folder

pytestmark = pytest.mark.timeout(600)
SEEDS = range(1, 21)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A hub of this module's own, with eight connections that may push for every commune."""
    hub = a_hub(run_folder() / "chaos")
    started = hub.run("up", "--scenario", "load")
    assert started.returncode == 0, started.stdout + started.stderr
    with a_run(hub, hub.hub.logs) as run:
        yield run
    hub.run("reset", "--yes")


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_a_storm_the_hub_agrees_with_everything_it_said(run: Run, seed: int) -> None:
    weather = await storm(run, seed, run.hub.hub.logs)
    assert not weather.breaches, f"seed {seed}: {weather.faults}"
    assert weather.operations


async def test_after_all_storms_what_was_to_leave_the_hub_has_left_once_and_in_order(
    run: Run,
) -> None:
    assert await last_look(run) == []
    assert run.receiver.arrivals
