"""What a workload found: a table for people, JSON lines for comparison over time."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured figure and the raw limit it is held against, where there is one."""

    workload: str
    metric: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return the share of the limit that was reached."""
        return self.value / self.limit if self.limit else None


def show(figures: list[Figure], console: Console) -> None:
    """Print the figures with their limits."""
    table = Table("workload", "metric", "value", "raw limit", "ratio")
    for one in figures:
        limit = f"{one.limit:,.0f}" if one.limit else ""
        ratio = f"{one.ratio:.2f}" if one.ratio else ""
        table.add_row(one.workload, one.metric, f"{one.value:,.1f} {one.unit}", limit, ratio)
    console.print(table)


def keep(figures: list[Figure], path: Path) -> None:
    """Append the figures as JSON lines."""
    with path.open("a") as file:
        for one in figures:
            file.write(json.dumps({**asdict(one), "ratio": one.ratio}) + "\n")


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
