"""What setup fetches is pinned by hash; of the interpreters at hand it takes the quickest."""

import math
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.local.layout import ROOT
from deploy.local.setup import MINOR, quickest_python, seconds_of_a_turn

JARS = tomllib.loads((ROOT / "deploy" / "kafka" / "jgo.lock.toml").read_text())["dependencies"]


def test_every_jar_has_a_hash() -> None:
    assert all(len(jar["sha256"]) == 64 for jar in JARS)


def test_broker_and_clients_are_of_one_kafka() -> None:
    # Without "!" in jgo.toml log4j's list of versions set kafka-clients 3.9.1 under a 4.3.1 broker.
    versions = {jar["version"] for jar in JARS if jar["groupId"] == "org.apache.kafka"}
    assert versions == {"4.3.1"}


def test_uv_itself_is_pinned_by_hash() -> None:
    text = (ROOT / "deploy" / "local" / "uv-requirements.txt").read_text()
    assert text.startswith("uv==")
    assert "--hash=sha256:" in text


def put_python(folder: Path, *, says: str) -> None:
    """Put an interpreter there that answers every program with one line."""
    program = folder / f"python{MINOR}"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("says", "taken"),
    [
        ("echo 0.000001 /quick/python", "/quick/python"),
        ("echo 9 /slow/python", sys.executable),
        ("echo ModuleNotFoundError: sqlite3; exit 1", sys.executable),
        ("echo no such program", sys.executable),
    ],
    ids=["quicker", "slower", "lacks a part of the library", "no interpreter"],
)
def test_environment_stands_on_the_quickest_interpreter_that_is_fit(
    says: str, taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_python(tmp_path, says=says)
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere")
    assert quickest_python() == Path(taken)


def test_interpreter_is_timed_by_work_of_its_own() -> None:
    seconds, program = seconds_of_a_turn(Path(sys.executable))
    assert 0 < seconds < math.inf
    assert program == Path(sys.executable)
