"""The mailbox of the local mail server: when a mail to somebody has come."""

import re
from collections.abc import Iterable
from pathlib import Path

TO = re.compile(rb"(?im)^(?:X-RcptTo|To): .*?([\w-]+)@bench\.example\.vn")


def address_of(name: str) -> str:
    """Return the address under which ``arrivals`` finds a mail."""
    return f"{name}@bench.example.vn"


def arrivals(folder: Path, names: Iterable[str]) -> dict[str, float]:
    """Return when the first mail to each of ``names`` came, by the clock of the wall."""
    wanted, found = set(names), dict[str, float]()
    for file in (folder / "new").iterdir():
        name = TO.search(file.read_bytes())
        if name and (code := name[1].decode()) in wanted:
            found[code] = min(found.get(code, file.stat().st_mtime), file.stat().st_mtime)
    return found
