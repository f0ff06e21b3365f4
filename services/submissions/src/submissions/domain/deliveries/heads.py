"""A report as a delivery meets it: locked, its latest figures at hand, changed in memory.

Figures stay the JSON text that the database keeps and are taken apart only while they change: a
batch meets hundreds of reports, and whatever it takes apart at once falls out of the processor's
cache before it is needed.
"""

from dataclasses import dataclass
from datetime import datetime
from operator import eq
from uuid import UUID

import msgspec

from contracts.submissions.v1 import Counts
from submissions.domain.deliveries.grids import Grid
from submissions.domain.deliveries.values import CLEARS
from submissions.domain.reports import OPEN, Status

NO_CELLS = "{}"
CELLS_DECODER = msgspec.json.Decoder(dict[str, str])


@dataclass(slots=True)
class Head:
    """The latest state of a report within a batch of deliveries."""

    id: UUID
    unit: str
    status: Status
    revision: int
    version: int
    cut_off_at: datetime
    is_returned: bool
    """Sent back and not sent again: figures are asked for beyond the cut-off (Điều 7.4)."""
    grid: Grid
    text: str = NO_CELLS
    """The cells of the latest version as they are kept."""

    @property
    def cells(self) -> dict[str, str]:
        """Return the cells taken apart."""
        return CELLS_DECODER.decode(self.text)

    def takes_at(self, moment: datetime) -> bool:
        """Say whether figures that arrived at ``moment`` may change the report."""
        return self.status in OPEN and (moment <= self.cut_off_at or self.is_returned)

    def fill_in(self, figures: dict[str, str]) -> Counts:
        """Take good figures; a new version, and a draft again, only where something changed."""
        after, counts = merged(self.cells, figures)
        if counts.created or counts.updated:
            self.text = text_of(after)
            self.version += 1
            self.revision += 1
            self.status = Status.DRAFT
        return counts


def text_of(cells: dict[str, str]) -> str:
    """Return cells as they are kept."""
    return msgspec.json.encode(cells).decode()


def merged(before: dict[str, str], figures: dict[str, str]) -> tuple[dict[str, str], Counts]:
    """Return the cells after ``figures``, and how many are new, changed or as they were.

    >>> merged({"1:c2": "5"}, {"1:c2": "", "1:c3": "7"})[1]
    Counts(created=1, updated=1, unchanged=0, rejected=0)
    """
    unchanged = sum(map(eq, map(before.get, figures), figures.values()))
    after = before | figures
    cleared = 0
    if CLEARS in figures.values():
        gone = [cell for cell, value in figures.items() if value == CLEARS]
        for cell in gone:
            del after[cell]
        cleared = sum(1 for cell in gone if cell in before)
        unchanged += len(gone) - cleared
    created = len(after) - len(before) + cleared
    return after, Counts.model_construct(
        created=created,
        updated=len(figures) - created - unchanged,
        unchanged=unchanged,
        rejected=0,
    )
