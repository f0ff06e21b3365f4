"""The codes of another system, read with the map that a delivery names (Điều 3.3, 3.5).

Their code gives way to ours where the map has it; our own codes go on working; a code that is
neither is named, where the map has codes of its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec

from submissions.domain.deliveries.grids import Grid
from submissions.domain.deliveries.shapes import Figure, Matrix

ByRegime = Mapping[str, Mapping[str, str]]
"""Our regime code → their code → ours."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the rows and columns of one form are called by another system."""

    rows: Mapping[str, str]
    columns: Mapping[str, str]

    def cell(self, figure: Figure) -> tuple[str, str]:
        """Return our row and column of a figure."""
        return (
            self.rows.get(figure.row, figure.row),
            self.columns.get(figure.column, figure.column),
        )

    def matrix(self, theirs: Matrix) -> Matrix:
        """Return a matrix with our rows and columns."""
        return replace(
            theirs,
            rows=tuple(self.rows.get(row, row) for row in theirs.rows),
            columns=tuple(self.columns.get(column, column) for column in theirs.columns),
        )

    def unmapped(self, grid: Grid, figure: Figure) -> list[str]:
        """Return the codes of a figure that are neither in the map nor ours."""
        codes = []
        if self.rows and figure.row not in self.rows and not grid.has_row(figure.row):
            codes.append(figure.row)
        column = figure.column
        if self.columns and column not in self.columns and not grid.has_column(column):
            codes.append(column)
        return codes


@dataclass(frozen=True, slots=True)
class CodeMap:
    """One version of the map of a connection; empty where it speaks our codes."""

    regimes: Mapping[str, str]
    agencies: Mapping[str, str]
    rows: ByRegime
    columns: ByRegime

    def agency(self, code: str) -> str:
        """Return our code of an agency."""
        return self.agencies.get(code, code)

    def names(self, regime: str) -> Names | None:
        """Return what rows and columns of our ``regime`` are called; None where as here."""
        rows, columns = self.rows.get(regime), self.columns.get(regime)
        return Names(rows or {}, columns or {}) if rows or columns else None


OUR_CODES = CodeMap({}, {}, {}, {})
DECODER = msgspec.json.Decoder(CodeMap)


@lru_cache(maxsize=64)
def code_map_of(text: str) -> CodeMap:
    """Read a map as it is kept; the same one for every delivery that names it."""
    return DECODER.decode(text)
