"""A workbook as rows of text, read by a process of its own within limits of memory and time.

A workbook of 268 KiB can unpack to 200 MiB, and its parser meets what strangers made: the package
is checked before it is opened, and what opens it can be lost without harm. Run as a program, this
module reads a workbook from its input and writes its sheets as JSON.
"""

import asyncio
import io
import json
import resource
import sys
import zipfile
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

MOST_PARTS = 2000
MOST_UNPACKED = 100 << 20
MOST_RATIO = 100
MOST_CELLS = 400_000
MEMORY = 1 << 30
CPU_SECONDS = 10
WAIT_SECONDS = 20

Sheets = list[tuple[str, list[list[str]]]]
"""Name and rows of each sheet."""


class WorkbookUnreadable(Exception):
    """Not a workbook, or more than a reader may take."""


async def sheets_of(workbook: bytes) -> Sheets:
    """Return the sheets of a workbook; raises ``WorkbookUnreadable``."""
    check_package(workbook)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-m", "submissions.documents.reading"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        read, _ = await asyncio.wait_for(process.communicate(workbook), WAIT_SECONDS)
    except TimeoutError as why:
        process.kill()
        await process.wait()
        raise WorkbookUnreadable from why
    if process.returncode:
        raise WorkbookUnreadable
    return [(name, rows) for name, rows in json.loads(read)]


def check_package(workbook: bytes) -> None:
    """Refuse a package that is too much before anything of it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as package:
            parts = package.infolist()
    except zipfile.BadZipFile as why:
        raise WorkbookUnreadable from why
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > min(MOST_UNPACKED, MOST_RATIO * len(workbook)):
        raise WorkbookUnreadable


def read(workbook: bytes) -> Sheets:
    """Read every sheet; numbers as the shortest text that is the same number."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook))
    sheets = []
    cells = 0
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        cells += sum(map(len, rows))
        if cells > MOST_CELLS:
            raise WorkbookUnreadable
        sheets.append((name, [[_text(value) for value in row] for row in rows]))
    return sheets


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def main() -> int:
    """Read a workbook from the input and write its sheets, or end with 1."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        sheets = read(sys.stdin.buffer.read())
    except (CalamineError, WorkbookUnreadable, MemoryError):
        return 1
    json.dump(sheets, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
