"""A code map (bảng đối chiếu mã): what the codes of another system mean here (Điều 3.3, 3.5)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from connector_gateway.domain import Moment, Table
from connector_gateway.errors.code_maps import CodeMapTooLarge

MOST_CODES = 5_000
ByRegime = Mapping[str, Mapping[str, str]]
"""Our regime code → their code → ours."""


class CodeKind(StrEnum):
    """What a code names."""

    REGIME = "regime"
    AGENCY = "agency"
    ROW = "row"
    COLUMN = "column"


@dataclass(frozen=True)
class Codes:
    """Their codes and ours, by kind; rows and columns by our code of the regime."""

    regimes: Mapping[str, str] = field(default_factory=dict)
    agencies: Mapping[str, str] = field(default_factory=dict)
    rows: ByRegime = field(default_factory=dict)
    columns: ByRegime = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ``CodeMapTooLarge`` where a message could not carry them."""
        inner = [*self.rows.values(), *self.columns.values()]
        count = sum(map(len, [self.regimes, self.agencies, *inner]))
        if count > MOST_CODES:
            raise CodeMapTooLarge(count=count, most=MOST_CODES)

    def of_kind(self, kind: CodeKind, regime: str) -> Mapping[str, str]:
        """Return the codes of a kind; ``regime`` is ours."""
        match kind:
            case CodeKind.REGIME:
                return self.regimes
            case CodeKind.AGENCY:
                return self.agencies
            case CodeKind.ROW:
                return self.rows.get(regime, {})
            case CodeKind.COLUMN:
                return self.columns.get(regime, {})

    def to_json(self) -> dict[str, Any]:
        """Return the codes as they are kept and told."""
        return asdict(self)


@dataclass(frozen=True)
class Named:
    """A code where it first stands in a delivery."""

    kind: CodeKind
    code: str
    pointer: str


@dataclass(frozen=True)
class Reading:
    """What a map would make of a code; ``ours`` is None where the map does not have it."""

    named: Named
    regime: str
    """Ours; empty for codes that do not belong to one."""
    ours: str | None


def read(codes: Codes, named: Iterable[Named]) -> list[Reading]:
    """Return what ``codes`` makes of every code of a delivery, each once."""
    first: dict[tuple[CodeKind, str], Named] = {}
    for one in named:
        first.setdefault((one.kind, one.code), one)
    theirs = next((code for kind, code in first if kind is CodeKind.REGIME), "")
    regime = codes.regimes.get(theirs, theirs)
    return [
        Reading(
            one,
            regime if one.kind in {CodeKind.ROW, CodeKind.COLUMN} else "",
            codes.of_kind(one.kind, regime).get(one.code),
        )
        for one in first.values()
    ]


def named_in_json(delivery: Mapping[str, Any]) -> Iterator[Named]:
    """Return the codes of a delivery in either JSON form; what is no code is passed over."""
    if isinstance(delivery.get("regime"), str):
        yield Named(CodeKind.REGIME, delivery["regime"], "/regime")
    for at, report in enumerate(_objects(delivery.get("reports"))):
        yield from _texts(CodeKind.AGENCY, [report.get("agency")], f"/reports/{at}/agency")
        yield from _texts(CodeKind.ROW, report.get("rows"), f"/reports/{at}/rows/{{}}")
        yield from _texts(CodeKind.COLUMN, report.get("columns"), f"/reports/{at}/columns/{{}}")
    for at, figure in enumerate(_objects(delivery.get("figures"))):
        for kind in (CodeKind.AGENCY, CodeKind.ROW, CodeKind.COLUMN):
            yield from _texts(kind, [figure.get(kind.value)], f"/figures/{at}/{kind.value}")


def named_in_table(lines: Iterable[Sequence[str]]) -> Iterator[Named]:
    """Return the codes of a table whose first line names the columns."""
    rest = iter(lines)
    header = [name.strip().lower() for name in next(rest, [])]
    places = [(kind, header.index(kind.value)) for kind in CodeKind if kind.value in header]
    for at, line in enumerate(rest, start=2):
        for kind, place in places:
            if place < len(line) and line[place].strip():
                yield Named(kind, line[place].strip(), f"/lines/{at}/{kind.value}")


def _objects(found: object) -> list[dict[str, Any]]:
    return (
        [one if isinstance(one, dict) else {} for one in found] if isinstance(found, list) else []
    )


def _texts(kind: CodeKind, found: object, pointer: str) -> Iterator[Named]:
    for at, code in enumerate(found if isinstance(found, list) else []):
        if isinstance(code, str):
            yield Named(kind, code, pointer.format(at))


class CodeMap(Table, table=True):
    """A version of the map of a connection; never changed afterwards."""

    __tablename__ = "code_maps"

    connection_id: UUID = Field(primary_key=True, foreign_key="connections.id")
    version: int = Field(primary_key=True)
    codes: dict[str, Any] = Field(sa_type=JSONB)
    published_by: str = Field(sa_type=Text)
    published_by_name: str = Field(sa_type=Text)
    published_at: datetime = Field(sa_type=Moment)
