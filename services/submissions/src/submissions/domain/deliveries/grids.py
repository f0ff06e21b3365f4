"""What one report takes: the cells assigned to it, and how each may be filled in.

A grid is made once for a form and an assignment and kept; a block is the part of it that a matrix
names, kept too, so that a matrix of good figures is checked by one regular expression.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from contracts.forms import Attribute, ColumnKind
from submissions.domain.formulas import FormPlan

NOTHING = "\x00"
"""Stands for ``null`` while a matrix is checked; no text from outside may hold it."""
ONLY_ZEROS = re.compile(r"\.0+\n")
LAST_ZEROS = re.compile(r"(\.[0-9]*[1-9])0+\n")
"""Needless zeros after the point; two patterns, each found fast by the point it begins with."""
PLAIN_TEXT = r"[ !-~À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]{1,2000}+"
"""Text that is clean and NFC without looking closer; other text is looked at closely."""


@dataclass(frozen=True, slots=True)
class Block:
    """The cells of a matrix, row by row, all of them assigned and open to be filled in."""

    cells: tuple[str, ...]
    pattern: re.Pattern[str]
    is_numeric: bool
    """No text column, so that needless zeros may be cut off wherever they stand."""
    is_short: bool = False
    """At most one place after the point in every column."""

    def canonical(self, lines: str) -> str | None:
        """Return the figures, one a line, as they are kept; None where one needs a look.

        >>> numbers = re.compile("[0-9.\\n]*+")
        >>> Block(("1:a", "1:b"), numbers, is_numeric=True).canonical("7.50\\n8.0")
        '7.5\\n8'
        """
        text = lines + "\n"
        if not self.pattern.fullmatch(text):
            return None
        if not self.is_numeric or "0\n" not in text:
            return lines
        if self.is_short:
            return text.replace(".0\n", "\n")[:-1]
        return LAST_ZEROS.sub(r"\1\n", ONLY_ZEROS.sub("\n", text))[:-1]


class Grid:
    """The cells of a form that a unit was assigned (Điều 6.1a, 7.2)."""

    def __init__(
        self,
        plan: FormPlan,
        rows: Iterable[str] | None = None,
        columns: Iterable[str] | None = None,
    ) -> None:
        self._plan = plan
        self._rows = frozenset(plan.rows if rows is None else rows)
        self._columns = frozenset(plan.columns if columns is None else columns)
        self.block = lru_cache(maxsize=64)(self._block)

    def attribute(self, row: str, column: str) -> Attribute | None:
        """Return what column a cell stands in; None where the cell is not assigned."""
        is_assigned = row in self._rows and column in self._columns and row in self._plan.rows
        return self._plan.columns.get(column) if is_assigned else None

    def has_row(self, code: str) -> bool:
        """Say whether the form has this row, assigned or not."""
        return code in self._plan.rows

    def has_column(self, code: str) -> bool:
        """Say whether the form has this column, assigned or not."""
        return code in self._plan.columns

    def is_derived(self, row: str, column: str) -> bool:
        """Say whether an assigned cell is computed, so that nobody may type it."""
        return self._plan.is_derived(row, column)

    def _block(self, rows: tuple[str, ...], columns: tuple[str, ...]) -> Block | None:
        """Return the block of ``rows`` × ``columns``; None unless every cell can be filled in."""
        if len(set(rows)) < len(rows) or len(set(columns)) < len(columns):
            return None
        for row in rows:
            for column in columns:
                if self.attribute(row, column) is None or self.is_derived(row, column):
                    return None
        attributes = [self._plan.columns[code] for code in columns]
        is_numeric = all(one.kind is not ColumnKind.TEXT for one in attributes)
        line = "".join(
            rf"(?:{pattern_of(one, may_end_in_zeros=is_numeric)}|[-x]|{NOTHING})\n"
            for one in attributes
        )
        return Block(
            tuple(f"{row}:{column}" for row in rows for column in columns),
            re.compile(rf"(?:{line})*+"),
            is_numeric,
            is_short=all(one.decimals <= 1 for one in attributes),
        )


def pattern_of(attribute: Attribute, *, may_end_in_zeros: bool) -> str:
    """Return what a figure of a column looks like when it needs no closer look."""
    if attribute.kind is ColumnKind.TEXT:
        return PLAIN_TEXT
    if attribute.minimum not in (None, "0"):
        return r"(?!)"
    minus = "" if attribute.minimum else "-?"
    whole = rf"(?:0|{minus}[1-9][0-9]{{0,14}})"
    if not attribute.decimals:
        return whole
    shortest = rf"\.[0-9]{{0,{attribute.decimals - 1}}}[1-9]"
    if not may_end_in_zeros:
        return rf"(?:{whole}(?:{shortest})?|{minus}0{shortest})"
    part = rf"\.[0-9]{{1,{attribute.decimals}}}"
    return rf"(?:{whole}(?:{part})?|{minus}0(?={shortest}){part})"
