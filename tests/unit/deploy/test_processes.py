"""What the kernel knows: who listens, who lives, who may look where."""

import os
import socket
import subprocess
from pathlib import Path

import psutil

from deploy.local.processes import Account, born_at, can_reach, find, holder_of


def test_a_pid_that_was_given_to_somebody_else_is_not_found() -> None:
    born = psutil.Process().create_time()
    assert find(os.getpid(), born) is not None
    assert find(os.getpid(), born - 100) is None


def test_a_process_that_has_already_ended_has_no_birth() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert born_at(process.pid) == 0.0
    assert born_at(os.getpid()) == psutil.Process().create_time()


def test_the_holder_of_a_port_is_named_with_its_pid() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"pid {os.getpid()}" in (holder_of(port) or "")
    assert holder_of(port) is None


def test_an_account_reaches_what_every_folder_above_lets_it(tmp_path: Path) -> None:
    stranger = Account("stranger", uid=64_999, gid=64_999)
    place = tmp_path / "closed" / "data"
    place.mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        if folder.owner() == Path(tmp_path).owner() and folder.stat().st_mode & 0o001 == 0:
            return  # the runner's own temporary folder is closed to strangers already
    assert can_reach(place, stranger)
    place.parent.chmod(0o700)
    assert not can_reach(place, stranger)
    assert can_reach(place, None)
