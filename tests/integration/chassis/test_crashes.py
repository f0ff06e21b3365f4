"""kill -9 at the points where a hub can lose or double a fact: neither happens (I1, I2, I4)."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.database import Database
from chassis.outbox import publish, write_outbox
from chassis.relay import outbox_depth
from deploy.local import forked
from deploy.local.logs import last_lines
from tests.support import probe
from tests.support.keeper import ROOT
from tests.support.postgres import fresh_database
from tests.support.waiting import until

FACTS = 50


@pytest.fixture
def url() -> Iterator[str]:
    """Give a database of the test's own."""
    with fresh_database("chassis") as url:
        yield url


async def start(url: str, bootstrap: str, folder: Path, *, kill_at: str = "") -> forked.Copy:
    """Start the probe as a process of its own, which logs in ``folder``."""
    told = {
        "PROBE_DATABASE_URL": url,
        "PROBE_KAFKA_BOOTSTRAP": bootstrap,
        "PROBE_KILL_AT": kill_at,
        "PROBE_ROLE": "worker",
        "PROBE_KAFKA_INSTANCE_ID": "probe",
    }
    forked.begin()
    command = [sys.executable, "-m", "tests.support.probe"]
    return await forked.start(forked.Wanted("probe", command, os.environ | told, ROOT, folder))


async def is_ready(process: forked.Copy, folder: Path) -> bool:
    """Say whether the process has said that it runs."""
    said = last_lines(folder, "probe")
    assert process.returncode is None, said
    return "ready" in said.splitlines()


@pytest.mark.parametrize("point", ["before-send", "before-mark", "mid-handler", "before-offset"])
async def test_a_process_killed_at_a_point_loses_nothing_and_doubles_nothing(
    url: str, kafka: str, point: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = Database(url, before_commit=write_outbox)
    app = probe.create_probe(url, kafka)
    await probe.effects(app)
    flags = [probe.a_flag(str(n)) for n in range(FACTS)]
    async with database.transaction() as session:
        for flag in flags:
            publish(session, flag)

    first, second = (tmp_path_factory.mktemp(name) for name in ("killed", "healed"))
    killed = await start(url, kafka, first, kill_at=point)
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    healed = await start(url, kafka, second)
    await until(lambda: is_ready(healed, second), limit=60)

    async def all_there() -> bool:
        return len(await probe.effects(app)) >= FACTS

    async def outbox_empty() -> bool:
        async with database.transaction() as session:
            return await outbox_depth(session) == 0

    await until(all_there, limit=60)
    await until(outbox_empty)
    healed.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(healed.wait(), 30) == 0
    assert [flag_id for flag_id, _ in await probe.effects(app)] == [flag.flag_id for flag in flags]
    await app.state.database.close()
    await database.close()
