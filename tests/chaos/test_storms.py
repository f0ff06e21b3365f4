"""Twenty storms over one hub: nothing acknowledged is lost, nothing happens twice, all heals."""

from collections.abc import Iterator

import pytest

from tests.chaos.storm import storm
from tests.support.hub import RunningHub, a_hub
from tests.support.keeper import run_folder

pytestmark = pytest.mark.timeout(240)
SEEDS = range(1, 21)


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    """A hub of this module's own, with eight connections that may push for every commune."""
    hub = a_hub(run_folder() / "chaos")
    started = hub.run("up", "--scenario", "volume")
    assert started.returncode == 0, started.stdout + started.stderr
    yield hub
    hub.run("reset", "--yes")


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_a_storm_the_hub_agrees_with_everything_it_said(
    hub: RunningHub, seed: int
) -> None:
    weather = await storm(hub, seed, hub.hub.logs)
    assert not weather.breaches, f"seed {seed}: {weather.faults}"
    assert weather.operations
