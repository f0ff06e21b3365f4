"""Figures that may change without the regulation: each read for a day, from ``norms.toml``."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Norms:
    """The figures that hold on one day; their sources stand beside them in ``norms.toml``."""

    request_working_days: int
    closing_hour: int
    bad_signatures_a_minute: int
    replayed_nonces_a_minute: int
    schema_errors_percent: int
    schema_errors_minutes: int
    schema_errors_least: int
    """Deliveries in the window below which a share says nothing."""
    volume_times: int
    volume_least: int
    """Deliveries an hour below which volume says nothing."""
    volume_days: int
    """Former days that are looked at."""
    volume_days_least: int
    """Days with deliveries that make a habit."""
    quiet_minutes: int
    """Between two flags of one detector on one connection."""


@cache
def norms_on(day: date) -> Norms:
    """Return what holds on ``day``: of each figure the row that began last (Điều 13.2)."""
    source = resources.files("connector_gateway").joinpath("norms.toml")
    rows = tomllib.loads(source.read_text(encoding="utf-8"))["norms"]
    rows.sort(key=lambda row: row["valid_from"])
    first = {row["name"]: row["value"] for row in reversed(rows)}
    return Norms(**first | {row["name"]: row["value"] for row in rows if row["valid_from"] <= day})
