"""A whole hub for tests: one shared by the run, or one of a test's own that it may break.

- ``the_hub()``: the run's own hub, empty, started by the first test that asks (about 15 s) and
  stopped when pytest ends. ``the_hub("demo")`` also loads that scenario into it, once.
- ``a_hub(home)``: a hub that is not started yet; ``hub.run("up")``, ``hub.run("down")`` … call its
  commands. The test stops it.
- ``hub.demo()``: what ``demo.json`` says; ``hub.record()``: pids and states of the parts.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from deploy.local import demo_file, record
from deploy.local.layout import MORE, Hub
from deploy.local.record import Phase, Record
from tests.support.keeper import ROOT, free_ports, one_at_a_time, port_of, run_folder


@dataclass(frozen=True)
class RunningHub:
    """A hub as a test sees it."""

    hub: Hub

    @property
    def origin(self) -> str:
        """Where its gateway answers."""
        return self.hub.origin

    def environment(self) -> dict[str, str]:
        """Return the environment that makes a command mean this hub."""
        own = {
            "HUB_HOME": str(self.hub.home),
            "HUB_PORT": str(self.hub.port),
            "HUB_REPLICAS": str(self.hub.replicas),
        }
        return {**os.environ, **own}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ``deploy.local`` and return what it said and how it ended."""
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *arguments],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def record(self) -> Record:
        """Return what the supervisor wrote down last."""
        found = record.read(self.hub)
        assert found, f"no hub ever ran on {self.hub.home}"
        return found

    def process_of(self, part: str) -> psutil.Process:
        """Return the living process of a part."""
        [process] = [p.process() for p in self.record().parts if p.name == part]
        assert process, f"{part} does not run"
        return process

    def demo(self) -> dict[str, Any]:
        """Return what ``demo.json`` says."""
        facts: dict[str, Any] = json.loads(demo_file.demo_file(self.hub).read_text())
        return facts


def the_hub(scenario: str = "empty") -> RunningHub:
    """Return this test run's hub, started now unless it runs."""
    port = port_of("hub")
    running = RunningHub(Hub(run_folder() / "hub" / "home", port))
    wait_until(lambda: running.record().phase is not Phase.STARTING, limit=120)
    with one_at_a_time("scenario"):
        loaded = running.hub.run / f"{scenario}.loaded"
        if not loaded.exists():
            answer = running.run("up", "--scenario", scenario)
            assert answer.returncode == 0, answer.stdout + answer.stderr
            loaded.touch()
    return running


def a_hub(home: Path, replicas: int = 1) -> RunningHub:
    """Return a hub that does not run yet, on ports of its own."""
    return RunningHub(Hub(home, free_ports(MORE + replicas), replicas))


def wait_until(condition: Callable[[], bool], *, limit: float = 10.0) -> None:
    """Wait until something holds; fail after ``limit`` seconds."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"not within {limit} s"
        time.sleep(0.02)
