"""What the driver did, on disk before it goes on: the other side of every comparison."""

import json
import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType


class Told(StrEnum):
    """What the driver was told of an operation."""

    OK = "ok"
    """Acknowledged: it must be there, once."""
    FAIL = "fail"
    """Refused: it must not be there."""
    UNKNOWN = "unknown"
    """No answer came: it may be there, once."""


@dataclass(frozen=True)
class Operation:
    """A push of one figure and what came of it."""

    key: str
    connection: str
    agency: str
    cell: str
    value: str
    told: Told
    status: int | None = None
    receipt: str | None = None
    ledger_index: int | None = None
    begun_at: float = 0.0
    ended_at: float = 0.0


@dataclass(frozen=True)
class Fact:
    """A fact that was said to go outside; ``number`` counts those of its key."""

    key: str
    number: int
    told: Told


class Journal:
    """An append-only file, forced to disk line by line."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self.operations: list[Operation] = []
        self.facts: list[Fact] = []
        self.notices: list[str] = []

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None
    ) -> None:
        self._file.close()

    def note(self, operation: Operation) -> None:
        """Keep an operation that has ended."""
        self.operations.append(operation)
        self.say("operation", **asdict(operation))

    def fact(self, fact: Fact) -> None:
        """Keep a fact that was said, or may have been."""
        self.facts.append(fact)
        self.say("fact", **asdict(fact))

    def say(self, what: str, **facts: object) -> None:
        """Write a line about anything else: faults, orders, the seed."""
        self._file.write(json.dumps({"what": what, **facts}, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
