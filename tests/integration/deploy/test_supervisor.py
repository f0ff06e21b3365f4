"""The supervisor with small parts: order, return of the dead, and words for a failure."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.layout import Hub
from deploy.local.record import Phase
from deploy.local.supervisor import Supervisor
from tests.support.parts import a_part, a_part_that_says, diary_of, seen, supervised
from tests.support.waiting import until


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A home for small parts."""
    hub = Hub(tmp_path / "nhà", 8080)
    hub.make_folders()
    return hub


async def test_parts_start_after_what_they_need_and_stop_before_it(hub: Hub) -> None:
    store = a_part("store", hub, takes=0.3)
    service = a_part("service", hub, "store", takes=0.3)
    async with supervised(hub, store, service, a_part("door", hub, "service")):
        assert [part.state for part in seen(hub).parts] == ["ready"] * 3
    names = ("store", "service", "door")
    started = [f"{name} {word}" for name in names for word in ("starts", "listens")]
    assert diary_of(hub) == [*started, *(f"{name} stops" for name in reversed(names))]
    assert seen(hub).phase is Phase.STOPPED


async def test_a_part_that_dies_comes_back_and_the_others_stay(hub: Hub) -> None:
    async with supervised(hub, a_part("store", hub), a_part("service", hub, "store")):
        os.kill(seen(hub).parts[1].pid or 0, signal.SIGKILL)

        async def is_back() -> bool:
            return diary_of(hub).count("service listens") == 2

        await until(is_back)
        assert [part.restarts for part in seen(hub).parts] == [0, 1]
    assert diary_of(hub).count("store starts") == 1


async def test_a_part_that_cannot_start_fails_the_hub_with_the_end_of_its_log(hub: Hub) -> None:
    broken = a_part_that_says("no such setting", and_ends_with=3)
    why = await Supervisor(hub, (a_part("store", hub), broken)).run()
    assert "broken ended with 3" in why
    assert "no such setting" in why
    assert seen(hub).phase is Phase.FAILED
    assert diary_of(hub)[-1] == "store stops"


async def test_a_step_that_fails_is_not_tried_again(hub: Hub) -> None:
    step = a_part_that_says("cannot migrate", and_ends_with=1, once=True)
    why = await Supervisor(hub, (step,)).run()
    assert "cannot migrate" in why
    assert seen(hub).parts[0].restarts == 0


async def test_a_supervisor_that_cannot_go_on_says_so_at_once(hub: Hub) -> None:
    def vanish() -> None:
        raise FileNotFoundError("no such disk")

    part = replace(a_part("store", hub), prepare=vanish)
    assert "no such disk" in await Supervisor(hub, (part,)).run()
