"""What a supervisor writes down about its hub, so that others can look and clean up after it."""

import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil

from deploy.local.layout import Hub
from deploy.local.processes import end, find


class Phase(StrEnum):
    """Where a hub is in its life."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass
class PartRecord:
    """What is known about a part: its present process, and how often it had to come back."""

    name: str
    port: int | None
    state: str = "waiting"
    pid: int | None = None
    born: float = 0.0
    restarts: int = 0

    def process(self) -> psutil.Process | None:
        """Return the living process of the part."""
        return find(self.pid, self.born) if self.pid else None


@dataclass
class Record:
    """What is known about a hub."""

    home: str
    port: int
    pid: int
    born: float
    phase: Phase = Phase.STARTING
    why: str = ""
    parts: list[PartRecord] = field(default_factory=list)

    def supervisor(self) -> psutil.Process | None:
        """Return the living supervisor."""
        return find(self.pid, self.born)


def record_file(hub: Hub) -> Path:
    """Return where the record of a hub stands."""
    return hub.run / "hub.json"


def write(hub: Hub, record: Record) -> None:
    """Replace the record; a reader sees the old one or the new one, nothing between."""
    path = record_file(hub)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(record), indent=1))
    unfinished.rename(path)


def read(hub: Hub) -> Record | None:
    """Return the last record of a hub; ``None`` where it never ran."""
    try:
        facts = json.loads(record_file(hub).read_text())
    except FileNotFoundError:
        return None
    facts["parts"] = [PartRecord(**part) for part in facts["parts"]]
    facts["phase"] = Phase(facts["phase"])
    return Record(**facts)


def running(hub: Hub) -> Record | None:
    """Return the record of a hub whose supervisor lives."""
    record = read(hub)
    return record if record and record.supervisor() else None


def end_leftovers(hub: Hub) -> list[str]:
    """End what a supervisor that died left behind; return the names of those parts.

    The kernel has killed its children already (``dies_with_parent``). This finds what was slow
    to go, and what a part had started itself: by recorded pid and birth, never by name.
    """
    record = read(hub)
    if record is None:
        return []
    left = {part.name: _left_of(hub, part) for part in record.parts}
    end([process for processes in left.values() for process in processes], grace=3)
    return [name for name, processes in left.items() if processes]


def _left_of(hub: Hub, part: PartRecord) -> list[psutil.Process]:
    if part.pid is None:
        return []
    leader = part.process()
    if leader:
        return [leader]
    if psutil.pid_exists(part.pid):  # the number belongs to somebody else now
        return []
    return [p for p in psutil.process_iter() if _is_of_session(p, part.pid, hub)]


def _is_of_session(process: psutil.Process, session: int, hub: Hub) -> bool:
    try:
        is_member = os.getsid(process.pid) == session
        return is_member and process.environ().get("HUB_HOME") == str(hub.home)
    except (psutil.Error, ProcessLookupError, PermissionError):
        return False
