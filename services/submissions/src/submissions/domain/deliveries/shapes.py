"""What a delivery looks like once its bytes are read: figures of agencies, each with its place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.text import nfc

MOST_FIGURES = 20_000
MOST_BYTES = 5 << 20
DEEPEST = 8


class UnreadableBody(Exception):
    """A delivery that cannot be read: the slug of why, and where."""

    def __init__(self, slug: str, pointer: str = "") -> None:
        super().__init__(slug, pointer)
        self.slug = slug
        self.pointer = pointer


class BodyTooLarge(UnreadableBody):
    """More figures, bytes or depth than a delivery may have."""

    def __init__(self, most: str) -> None:
        super().__init__("payload-too-large")
        self.most = most


class OnError(StrEnum):
    """What becomes of the good figures of a report that also has bad ones."""

    SKIP = "skip"
    REFUSE = "refuse"


class Number(str):
    """A JSON number with a fraction or an exponent, as the text that stood in the body."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell as it came: where it stood in the body, what it says."""

    pointer: str
    row: str
    column: str
    value: Any
    """Text, int, ``Number``, or whatever else stood there; never None."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Figures of one agency as a dense matrix: the fast form, read without a loop per cell.

    >>> matrix = Matrix("/reports/0", "07201", ("1", "2"), ("plan",), lines="5\\n7.5")
    >>> [figure.value for figure in matrix.figures()]
    ['5', '7.5']
    """

    pointer: str
    agency: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Sequence[Sequence[Any]] = ()
    lines: str = ""
    """Every figure, one a line, in place of ``values`` where all of them are plain text."""

    def figures(self) -> Iterator[Figure]:
        """Return every figure with its place; ``null`` says nothing and is none."""
        for at, (row, line) in enumerate(zip(self.rows, self._table(), strict=True)):
            for across, (column, value) in enumerate(zip(self.columns, line, strict=True)):
                if value is not None:
                    yield Figure(f"{self.pointer}/values/{at}/{across}", row, column, value)

    def _table(self) -> Sequence[Sequence[Any]]:
        if not self.lines:
            return self.values
        texts, width = self.lines.split("\n"), len(self.columns)
        return [texts[first : first + width] for first in range(0, len(texts), width)]


@dataclass(frozen=True, slots=True)
class Listing:
    """Figures of one agency as a list, in the order they came."""

    agency: str
    listed: Sequence[Figure]

    def figures(self) -> Iterator[Figure]:
        """Return every figure with its place."""
        return iter(self.listed)


Part = Matrix | Listing


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery whose bytes made sense: one regime, one period, figures of agencies."""

    regime: str
    period: str
    submit: bool
    on_error: OnError
    parts: Sequence[Part]

    @classmethod
    def of(
        cls,
        regime: str,
        period: str,
        parts: Sequence[Part],
        *,
        submit: bool = False,
        on_error: OnError = OnError.SKIP,
    ) -> "Delivery":
        """Return a delivery whose regime and period are clean, or raise ``UnreadableBody``."""
        return cls(clean(regime, "/regime"), clean(period, "/period"), submit, on_error, parts)


def gather(figures: Iterable[tuple[str, Figure]]) -> list[Part]:
    """Return the figures of a list, those of one agency together; refuses too many."""
    by_agency: dict[str, list[Figure]] = {}
    for total, (agency, figure) in enumerate(figures, start=1):
        if total > MOST_FIGURES:
            raise BodyTooLarge(f"{MOST_FIGURES}")
        by_agency.setdefault(agency, []).append(figure)
    return [Listing(agency, listed) for agency, listed in by_agency.items()]


def clean(text: str, pointer: str) -> str:
    """Return ``text`` in NFC; raises ``UnreadableBody`` naming ``pointer``."""
    try:
        return nfc(text)
    except ValueError as why:
        raise UnreadableBody("invalid-text", pointer) from why
