"""The hub that is measured: one of the bench's own, filled with the scenario ``volume``.

It stands in ``bench`` below ``HUB_HOME`` and is made anew by every run, so that runs compare and
no figure of theirs meets the figures of people. A hub that runs there already is used as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from deploy.local import record
from deploy.local.layout import Hub, hub_from_environment
from deploy.local.record import PartRecord
from deploy.scenario.client import Person, System, open_client
from tests.support.hub import RunningHub, a_hub


@dataclass(frozen=True)
class Stage:
    """The hub with everybody in it."""

    running: RunningHub
    http: httpx.Client
    facts: dict[str, Any]
    signed_in: dict[str, Person] = field(default_factory=dict)

    @property
    def hub(self) -> Hub:
        """Where it stands."""
        return self.running.hub

    def person(self, username: str) -> Person:
        """Return a person of the scenario, who has signed in already."""
        if username not in self.signed_in:
            [found] = [one for one in self.facts["accounts"] if one["username"] == username]
            self.signed_in[username] = Person(
                self.http, username=username, password=found["password"]
            )
        person = self.signed_in[username]
        person.headers()
        return person

    def system(self, code: str) -> System:
        """Return a connected system."""
        return System(self.http, code=code, key_file=self.hub.secrets / f"{code}.pem")

    def token(self, code: str) -> str:
        """Return a fresh token of a connected system."""
        system = self.system(code)
        system.renew()
        return system.token

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU time that each part has used, those of its children included."""
        return {part.name: _cpu(family(part)) for part in self.running.record().parts}

    def cpu_seconds_with_driver(self) -> dict[str, float]:
        """Return them with that of this process and whatever it started beside the hub."""
        driver = psutil.Process()
        return {**self.cpu_seconds(), "driver": _cpu([driver, *driver.children()])}

    def megabytes(self) -> dict[str, float]:
        """Return the memory that each part holds, that of its children included."""
        return {
            part.name: sum(_resident(one) for one in family(part)) / 1e6
            for part in self.running.record().parts
            if part.process()
        }


@contextmanager
def open_stage(replicas: int = 1) -> Iterator[Stage]:
    """Give the hub; start and fill it first, and stop it at the end, unless it runs already.

    ``replicas`` processes of connector-gateway share the work of one that is started.
    """
    home = hub_from_environment().home / "bench"
    there = record.running(Hub(home, 0)) if home.exists() else None
    if there:
        yield _stage(RunningHub(Hub(home, there.port)))
        return
    running = a_hub(home, replicas)
    if home.exists():
        _command(running, "reset", "--yes")
    try:
        _command(running, "up", "--scenario", "volume")
        yield _stage(running)
    finally:
        _command(running, "down")


def _stage(running: RunningHub) -> Stage:
    return Stage(running, open_client(running.origin), running.demo())


def _command(running: RunningHub, *arguments: str) -> None:
    answer = running.run(*arguments)
    if answer.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {answer.stdout}{answer.stderr}")


def family(part: PartRecord) -> list[psutil.Process]:
    """Return the processes of a part."""
    process = part.process()
    return [process, *process.children(recursive=True)] if process else []


def _cpu(processes: Iterable[psutil.Process]) -> float:
    total = 0.0
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            used = one.cpu_times()
            total += used.user + used.system
    return total


def _resident(process: psutil.Process) -> int:
    """Return the bytes of a process; shared pages are counted once, in their share."""
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_full_info().pss)
    return 0


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return the CPU seconds of each part between two looks."""
    return {name: after[name] - before.get(name, 0.0) for name in after}
