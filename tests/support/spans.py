"""Finished spans as services write them, and a trace as an operator sees it."""

import io
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.local.traces import show

PUSH = "a" * 32
"""The trace that a span belongs to unless the test says otherwise."""


def a_span(span_id: str, parent_id: str | None, name: str, **more: Any) -> dict[str, Any]:
    """Return one span of 2.5 ms that began after 1 ms."""
    usual = {"trace_id": PUSH, "service": "submissions", "start_ns": 1_000_000, "end_ns": 3_500_000}
    fixed = {"span_id": span_id, "parent_id": parent_id, "name": name, "status": "UNSET"}
    return {**usual, **fixed, "attributes": {}, "links": [], **more}


def printed(folder: Path, trace_id: str, *spans: dict[str, Any]) -> str:
    """Write spans, the last line cut off as by a crash, and return one trace as text."""
    lines = [json.dumps(span) for span in spans]
    (folder / "x.jsonl").write_text("\n".join(lines) + '\n{"cut off')
    console = Console(width=150, file=io.StringIO())
    show(folder, trace_id, console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO above
