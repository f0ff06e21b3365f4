"""What an official document says, before any format: the facts, and the same facts in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.forms import Form


@dataclass(frozen=True)
class Paper:
    """The facts of a consolidated report (Điều 7.4); the words around them are ``wording``'s."""

    superior: str
    """Cơ quan chủ quản of the lead agency."""
    agency: str
    number: int
    place: str
    issued_on: date
    recipient: str
    regime: str
    period: str
    legal_basis: str
    cut_off_on: date
    expected: int
    accepted: int
    missing: Sequence[str]
    """Names of units whose report is not in the totals."""
    excluded: Sequence[tuple[str, str]]
    """Name and reason of each unit left out by decision."""
    form: Form
    totals: Mapping[str, str]
    """Cell → exact decimal, ``-`` nil, ``x`` not applicable; absent where nobody said anything."""


@dataclass(frozen=True)
class HeaderCell:
    """A cell of the nested header: where it begins, how far it spans, what it says."""

    row: int
    column: int
    rows: int
    columns: int
    text: str


@dataclass(frozen=True)
class Line:
    """A row of the table: its number, name, unit, and the text of each figure."""

    number: str
    name: str
    unit: str
    figures: Sequence[str]
    is_total: bool


@dataclass(frozen=True)
class Table:
    """The figures as they are laid out: header cells over ``depth`` rows, then lines."""

    header: Sequence[HeaderCell]
    depth: int
    numbering: Sequence[str]
    lines: Sequence[Line]
    is_text: Sequence[bool]
    """For each attribute, whether it holds text (left) or figures (right)."""
    has_units: bool
    """Whether the unit of measure has a column; otherwise one unit holds for all."""

    @property
    def leading(self) -> int:
        """Return how many columns stand before the figures."""
        return 3 if self.has_units else 2

    @property
    def is_wide(self) -> bool:
        """Say whether the table needs the page turned."""
        return len(self.is_text) > 5


@dataclass(frozen=True)
class Letter:
    """The document in words, ready to be laid out."""

    superior: str
    agency: str
    country: str
    motto: str
    number: str
    dateline: str
    kind: str
    subject: str
    dear: str
    paragraphs: Sequence[str]
    copies_title: str
    copies: Sequence[str]
    signer: str
    appendix: str
    appendix_title: str
    appendix_note: str
    measure: str
    legend: str
    table: Table
    file_name: str
