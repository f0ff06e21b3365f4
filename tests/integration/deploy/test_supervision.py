"""The embedded hub as its operator lives with it: one at a time, tenacious, and clean at the end.

These tests share one hub, in a folder with a space and Vietnamese letters; each leaves it running.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from deploy.local import declarations, keys, record
from deploy.local.layout import SERVICES
from deploy.local.parts import NICENESS
from deploy.local.processes import family_of, find
from deploy.local.record import PartRecord, Record
from tests.support.hub import RunningHub, a_hub, wait_until
from tests.support.keeper import run_folder

pytestmark = pytest.mark.timeout(600)


A_CONNECTION = """
WITH made AS (
    INSERT INTO systems (id, code, name, owner_agency, owner_email, created_at)
    VALUES (uuidv7(), 'he-thong', 'Hệ thống của bộ', 'H01', 'dau-moi@bo.example.vn', now())
    RETURNING id)
INSERT INTO connections (id, code, name, system_id, client_id, grants, while_suspended,
    is_essential, inbound_state, outbound_since, epoch, tokens_from_epoch, webhook_events,
    subscription_version, created_at)
SELECT uuidv7(), 'qg-tthc', 'Kết nối của bộ', id, 'qg-tthc',
    '{"agencies": null, "regimes": null}', 'reject', false, 'ACTIVE', now(), 1, 1, '{}', 1, now()
FROM made
"""


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    """A hub of this module's own, running."""
    hub = a_hub(run_folder() / "Thư mục có dấu" / "nhà")
    started = hub.run("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield hub
    hub.run("reset", "--yes")


def test_every_part_is_ready_when_up_returns(hub: RunningHub) -> None:
    states = {part.name: part.state for part in hub.record().parts}
    assert states.pop("prepare") == "done"
    assert set(states.values()) == {"ready"}


def test_a_service_is_listed_by_its_name_and_yields_as_the_table_says(hub: RunningHub) -> None:
    submissions = hub.process_of("submissions")
    assert (submissions.name(), submissions.nice()) == ("submissions", NICENESS["submissions"])


def test_status_tells_ports_memory_lag_and_outbox(hub: RunningHub) -> None:
    shown = hub.run("status").stdout
    assert str(hub.hub.port_of("postgres")) in shown
    assert "MiB" in shown
    assert "connector-gateway" in shown
    assert "does not exist" not in shown


def test_a_second_hub_on_the_same_home_is_refused(hub: RunningHub) -> None:
    second = hub.run("run")
    assert second.returncode == 1
    assert f"pid {hub.record().pid}" in " ".join(second.stdout.split())


def test_a_hub_on_the_same_home_at_another_port_is_refused(hub: RunningHub) -> None:
    other = RunningHub(type(hub.hub)(hub.hub.home, hub.hub.port + 100))
    answer = other.run("up")
    assert answer.returncode == 1
    assert f"port {hub.hub.port}" in " ".join(answer.stdout.split())


def test_a_taken_port_is_named_with_its_process(tmp_path: Path) -> None:
    hub = a_hub(tmp_path / "home")
    with socket.create_server(("127.0.0.1", hub.hub.port_of("kafka"))):
        answer = hub.run("up")
    said = " ".join(answer.stdout.split())
    assert answer.returncode == 1
    assert f"Port {hub.hub.port_of('kafka')}, for kafka, is taken by" in said
    assert f"pid {os.getpid()}" in said


@pytest.mark.parametrize("part", ["smtp", "postgres", "kafka", "catalog"])
def test_a_part_that_is_killed_comes_back(hub: RunningHub, part: str) -> None:
    before = hub.process_of(part)
    [note] = [note for note in hub.record().parts if note.name == part]
    before.kill()

    def is_back() -> bool:
        [now] = [note for note in hub.record().parts if note.name == part]
        return now.restarts == note.restarts + 1 and now.state == "ready"

    wait_until(is_back, limit=90)
    assert hub.process_of(part).pid != before.pid


def test_a_force_majeure_is_shown_while_nothing_works_and_ordered_when_the_hub_is_back(
    hub: RunningHub,
) -> None:
    with psycopg.connect(keys.superuser_url(hub.hub, "connector_gateway")) as database:
        database.execute(A_CONNECTION)
    stopped = [hub.process_of(part) for part in ("postgres", *SERVICES)]
    for process in stopped:
        process.suspend()
    try:
        said = hub.run("force-majeure", "--reason", "Mất điện trung tâm dữ liệu")
        assert said.returncode == 0, said.stdout + said.stderr
        assert "the order waits" in said.stdout
        page = httpx.get(hub.origin)
        assert (page.status_code, "Mất điện trung tâm dữ liệu" in page.text) == (503, True)
    finally:
        for process in reversed(stopped):
            process.resume()
    wait_until(lambda: settled(hub), limit=60)
    assert order_of(hub) == ("FORCE_MAJEURE", "IN_FORCE", "SUSPENDED")
    wait_until(lambda: "Mất điện trung tâm dữ liệu" in notices(hub), limit=60)
    said = hub.run("resume-system", "--remedy", "Đã có điện trở lại")
    assert said.returncode == 0, said.stdout + said.stderr
    wait_until(lambda: declarations.standing(hub.hub) is None, limit=60)
    assert httpx.get(f"{hub.origin}/notices").status_code == 200
    assert order_of(hub)[:2] == ("FORCE_MAJEURE", "LIFTED")


def settled(hub: RunningHub) -> bool:
    """Say whether the hub knows the declaration."""
    there = declarations.standing(hub.hub)
    return there is not None and there.is_settled


def order_of(hub: RunningHub) -> tuple[str, str, str]:
    """Return ground and state of the order, and the state of the connection."""
    query = "SELECT ground, s.state, inbound_state FROM suspensions AS s, connections"
    with psycopg.connect(keys.superuser_url(hub.hub, "connector_gateway")) as database:
        row = database.execute(query).fetchone()
    assert row is not None
    return str(row[0]), str(row[1]), str(row[2])


def notices(hub: RunningHub) -> str:
    """Return the public notices as a program reads them."""
    answer = httpx.get(f"{hub.origin}/notices", headers={"Accept": "application/json"}, timeout=30)
    return answer.text


def test_kill_9_of_the_supervisor_leaves_no_orphan_and_the_next_start_works(
    hub: RunningHub,
) -> None:
    now = hub.record()
    born = {one.pid: one.create_time() for one in family_of(psutil.Process(now.pid))}
    assert {process.pid for part in now.parts if (process := part.process())} < born.keys()
    os.kill(now.pid, signal.SIGKILL)
    wait_until(lambda: not any(find(pid, born[pid]) for pid in born), limit=10)
    answer = hub.run("up")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_what_outlives_a_killed_supervisor_is_ended_by_the_next_start(tmp_path: Path) -> None:
    hub = a_hub(tmp_path / "home")
    hub.hub.make_folders()
    left = subprocess.Popen(["sleep", "60"], start_new_session=True)
    threading.Thread(target=left.wait, daemon=True).start()  # as init does for an orphan
    note = PartRecord("smtp", 1, "ready", left.pid, psutil.Process(left.pid).create_time())
    dead = Record(str(hub.hub.home), hub.hub.port, pid=2**22, born=0.0, parts=[note])
    record.write(hub.hub, dead)
    assert hub.run("down").returncode == 0
    assert left.wait(timeout=5) == -signal.SIGTERM


def test_down_is_quick_and_up_again_too(
    hub: RunningHub, capsys: pytest.CaptureFixture[str]
) -> None:
    down = hub.run("down").stdout
    assert not any(part.process() for part in hub.record().parts)
    up = hub.run("up")
    assert up.returncode == 0, up.stdout + up.stderr
    with capsys.disabled():
        sys.stdout.write(f"\n{down.splitlines()[-1]} {up.stdout.splitlines()[-1]}\n")
    [seconds] = re.findall(r"stopped after ([\d.]+) s", down)
    assert float(seconds) < 10
