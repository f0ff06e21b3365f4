"""What a workload found: figures beside their limits, and what must never happen."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Line:
    """A measured value; ``limit`` is what the same machine did in the same run without the hub."""

    workload: str
    metric: str
    value: float
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return the value as a share, or a multiple, of its limit."""
        return self.value / self.limit if self.limit else None


@dataclass
class Results:
    """Everything found in a run."""

    lines: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Work that was lost or doubled, and whatever else must never be."""

    def add(self, workload: str, metric: str, value: float, limit: float | None = None) -> None:
        """Keep a measured value."""
        self.lines.append(Line(workload, metric, value, limit))

    def expect(self, is_so: object, otherwise: str) -> None:
        """Keep a fault unless ``is_so``."""
        if not is_so:
            self.faults.append(otherwise)

    def write(self, path: Path) -> None:
        """Append one JSON line a value."""
        with path.open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps({**asdict(line), "ratio": line.ratio}) + "\n" for line in self.lines
            )

    def show(self, console: Console) -> None:
        """Show a table, then the faults."""
        table = Table()
        for name in ("workload", "metric"):
            table.add_column(name)
        for name in ("value", "limit", "ratio"):
            table.add_column(name, justify="right")
        for line in self.lines:
            shown = (_written(number) for number in (line.value, line.limit, line.ratio))
            table.add_row(line.workload, line.metric, *shown)
        console.print(table)
        for fault in self.faults:
            console.print(f"FAULT: {fault}", style="bold red", markup=False, soft_wrap=True)


def _written(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie.

    >>> percentile([3, 1, 2], 0.5)
    2
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
