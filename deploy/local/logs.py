"""One log a part: appended by the part itself, cut when it has grown too long."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

LONGEST = 20 << 20
"""Bytes after which a log is moved aside."""
KEPT = 3
"""Logs moved aside that are kept."""


def open_log(folder: Path, name: str) -> BinaryIO:
    """Open a part's log for appending: a cut from outside does not disturb the writer."""
    return (folder / f"{name}.log").open("ab")


def rotate(logs: Iterable[Path], longest: int = LONGEST) -> None:
    """Copy every log that is too long aside and empty it; the writer keeps its file open."""
    for log in logs:
        if log.stat().st_size <= longest:
            continue
        for number in range(KEPT - 1, 0, -1):
            older = log.with_name(f"{log.name}.{number}")
            if older.exists():
                older.rename(log.with_name(f"{log.name}.{number + 1}"))
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        with log.open("r+b") as file:
            file.truncate(0)


def last_lines(folder: Path, name: str, count: int = 15) -> str:
    """Return the end of a part's log."""
    path = folder / f"{name}.log"
    if not path.exists():
        return "(no log)"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 16384))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-count:])
