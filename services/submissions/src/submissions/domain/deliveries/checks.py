"""Every figure of a delivery against the grid of its report: good ones, and bad ones with a reason.

A dense matrix of good figures passes one regular expression; everything else is looked at cell by
cell, so that all that is wrong is named in one pass, each with its cell (Điều 3.3, 3.5).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from submissions.domain.deliveries.code_maps import Names
from submissions.domain.deliveries.grids import NOTHING, Grid
from submissions.domain.deliveries.shapes import Figure, Matrix, Number, Part
from submissions.domain.deliveries.values import MOST_DIGITS, BadFigure, canonical


@dataclass(frozen=True, slots=True)
class Bad:
    """A figure that is not taken: which one, and the slug of why."""

    figure: Figure
    slug: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """Figures of one report after the check: cell → canonical text (empty text clears)."""

    good: dict[str, str]
    bad: Sequence[Bad] = ()

    @property
    def figures(self) -> int:
        """Return how many figures were delivered."""
        return len(self.good) + len(self.bad)


def check(grid: Grid, parts: Sequence[Part], names: Names | None = None) -> Checked:
    """Check what one delivery says of one report; ``names`` where rows and columns have others."""
    if len(parts) == 1 and isinstance(parts[0], Matrix):
        good = _at_once(grid, names.matrix(parts[0]) if names else parts[0])
        if good is not None:
            return Checked(good)
    return _one_by_one(grid, chain.from_iterable(part.figures() for part in parts), names)


def _at_once(grid: Grid, matrix: Matrix) -> dict[str, str] | None:
    """Return the figures of a matrix that is good throughout; None where one needs a look."""
    block = grid.block(matrix.rows, matrix.columns)
    if block is None:
        return None
    text = matrix.lines or _lines(matrix)
    if text is None:
        return None
    kept = block.canonical(text) if text.count("\n") + 1 == len(block.cells) else None
    if kept is None:
        return None
    good = dict(zip(block.cells, kept.split("\n"), strict=True))
    if NOTHING in kept:
        return {cell: value for cell, value in good.items() if value != NOTHING}
    return good


def _lines(matrix: Matrix) -> str | None:
    """Return the figures of a matrix one a line; None where one needs a look."""
    values = list(chain.from_iterable(matrix.values))
    if NOTHING in values:
        return None
    try:
        return "\n".join(values)
    except TypeError:
        try:
            return "\n".join([v if v.__class__ is str else PLAIN[v.__class__](v) for v in values])
        except (KeyError, ValueError):
            return None


def _short(number: int) -> str:
    if abs(number) >= 10**MOST_DIGITS:
        raise ValueError  # so that it is looked at
    return str(number)


PLAIN: Mapping[type, Callable[[Any], str]] = {
    int: _short,
    Number: str,
    type(None): lambda _: NOTHING,
}


def _one_by_one(grid: Grid, figures: Iterable[Figure], names: Names | None) -> Checked:
    said: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        cell = names.cell(figure) if names else (figure.row, figure.column)
        said.setdefault(cell, []).append(figure)
    good: dict[str, str] = {}
    bad: list[Bad] = []
    for (row, column), same in said.items():
        if len(same) > 1:
            bad.extend(_said_twice(same))
            continue
        try:
            good[f"{row}:{column}"] = _look(grid, row, column, same[0], names)
        except BadFigure as why:
            bad.append(Bad(same[0], why.slug, why.params))
    return Checked(good, bad)


def _said_twice(same: Sequence[Figure]) -> Iterator[Bad]:
    """Name every place where a cell stands twice: nobody can say which one is meant."""
    for at, figure in enumerate(same):
        yield Bad(figure, "cell-said-twice", {"other": same[1 if at == 0 else 0].pointer})


def _look(grid: Grid, row: str, column: str, figure: Figure, names: Names | None) -> str:
    attribute = grid.attribute(row, column)
    if attribute is None:
        codes = names.unmapped(grid, figure) if names else []
        if codes:
            raise BadFigure("code-not-mapped", code=", ".join(codes))
        raise BadFigure("cell-not-assigned")
    if grid.is_derived(row, column):
        raise BadFigure("cell-is-derived")
    return canonical(attribute, figure.value)
