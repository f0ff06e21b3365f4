"""Deliveries of the volume scenario, made ready before the clock starts.

Each connection pushes for its share of the communes; a delivery holds one month of six communes
in the dense form: six reports of 60 rows and 3 columns, 1,080 figures, or exactly 1,000.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

from contracts.calendar import ZONE
from deploy.scenario.agencies import communes
from deploy.scenario.client import CONNECTIONS
from tests.bench.wire import request

REGIME = "KTXH-THANG"
ROWS = [f"{group}.{place}" for group in range(1, 13) for place in range(1, 6)]
COLUMNS = ["plan", "month", "estimate"]
CONNECTED = [f"load-{number}" for number in range(1, 9)]
NUMBERS = itertools.count(1)
REPORTS = 6
"""Reports of a delivery."""
OF_A_THOUSAND = 1000 - (REPORTS - 1) * len(ROWS) * len(COLUMNS)
"""Figures of the last report where a delivery holds exactly 1,000."""


@dataclass(frozen=True)
class Delivery:
    """A push that is ready to go, and what it says."""

    connection: str
    key: str
    body: bytes
    reports: tuple[tuple[str, str], ...]
    """Agency and period of each report."""
    figures: int
    run: int = 0
    """Tells the figures of one push of a report from those of the next."""

    def request(self, token: str, host: str, **more: str) -> bytes:
        """Return the request under a token, with ``more`` headers."""
        return request(
            "POST",
            f"{CONNECTIONS}/connections/{self.connection}/deliveries",
            {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": self.key,
                **more,
            },
            self.body,
            host=host,
        )


@cache
def agencies() -> list[str]:
    """Return the codes of the communes: they are read once, not while the clock runs."""
    return [str(commune["code"]) for commune in communes()]


def tiny(connection: str) -> Delivery:
    """Return a push of one figure that nobody has sent."""
    number = next(NUMBERS)
    place = CONNECTED.index(connection) if connection in CONNECTED else 0
    agency = agencies()[place]
    figure = {"agency": agency, "row": "1.1", "column": "plan", "value": str(number)}
    period = f"{datetime.now(ZONE).year}-01"
    body = {"regime": REGIME, "period": period, "figures": [figure]}
    return Delivery(
        connection, str(uuid4()), json.dumps(body).encode(), ((agency, period),), figures=1
    )


def value_of(run: int, place: int, column: int) -> str:
    """Return a figure that differs from run to run, with one decimal place where it may.

    >>> value_of(7, 0, 1)
    '701.0'
    """
    return f"{run * 100 + place % 97 + column}.{place % 10}"


def deliveries(periods: list[str], run: int, *, exact: bool = False) -> Iterator[Delivery]:
    """Yield one delivery of every six reports of the year; ``exact`` makes each 1,000 figures."""
    codes = agencies()
    for number, connection in enumerate(CONNECTED):
        share = codes[number :: len(CONNECTED)]
        for period in periods:
            for first in range(0, len(share), REPORTS):
                yield _delivery(connection, period, share[first : first + REPORTS], run, exact)


def year_after_year(
    periods: list[str], run: int, years: int, *, exact: bool = False
) -> Iterator[Delivery]:
    """Yield the deliveries of a year, then the same reports with other figures, and so on."""
    for year in range(years):
        yield from deliveries(periods, run + year, exact=exact)


def _delivery(connection: str, period: str, agencies: list[str], run: int, exact: bool) -> Delivery:
    reports = [_matrix(agency, run, len(ROWS)) for agency in agencies]
    figures = len(agencies) * len(ROWS) * len(COLUMNS)
    if exact:
        reports[-1] = _matrix(agencies[-1], run, -(-OF_A_THOUSAND // len(COLUMNS)))
        cut = OF_A_THOUSAND % len(COLUMNS)
        if cut:
            reports[-1]["values"][-1][cut:] = [None] * (len(COLUMNS) - cut)
        figures = 1000
    body = {"regime": REGIME, "period": period, "reports": reports}
    return Delivery(
        connection,
        f"bench-{run}-{period}-{agencies[0]}",
        json.dumps(body, separators=(",", ":")).encode(),
        tuple((agency, period) for agency in agencies),
        figures,
        run,
    )


def _matrix(agency: str, run: int, rows: int) -> dict[str, Any]:
    return {
        "agency": agency,
        "rows": ROWS[:rows],
        "columns": COLUMNS,
        "values": [
            [value_of(run, place, column) for column in range(len(COLUMNS))]
            for place in range(rows)
        ],
    }
