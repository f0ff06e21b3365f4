"""The CSV form of a delivery: columns ``agency,row,column,value``, a figure a line."""

import csv
import io
from collections.abc import Iterator, Sequence

from submissions.domain.deliveries.shapes import Delivery, Figure, UnreadableBody, gather

COLUMNS = ("agency", "row", "column", "value")
COMMON = ("regime", "period")
"""May stand on every line; without them the one open report of the connection is meant."""


def read_csv(body: bytes) -> Delivery:
    """Read the CSV form, comma or semicolon between the fields; an empty value clears a cell."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        raise UnreadableBody("invalid-text") from why
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        return read_rows(lines)
    except csv.Error as why:
        raise UnreadableBody("invalid-table", f"/lines/{lines.line_num}") from why


def read_rows(lines: Iterator[Sequence[str]]) -> Delivery:
    """Read figures from rows of text, the first of which names the columns."""
    header = [name.strip().lower() for name in next(lines, [])]
    is_known = set(COLUMNS) <= set(header) <= {*COLUMNS, *COMMON}
    if not is_known or len(set(header)) < len(header):
        raise UnreadableBody("invalid-table", "/lines/1")
    places = {name: header.index(name) for name in header}
    common: dict[str, str] = {}

    def figures() -> Iterator[tuple[str, Figure]]:
        for at, line in enumerate(lines, start=2):
            if not any(line):
                continue
            if len(line) != len(header):
                raise UnreadableBody("invalid-table", f"/lines/{at}")
            for name in COMMON:
                said = line[places[name]].strip() if name in places else ""
                if common.setdefault(name, said) != said:
                    raise UnreadableBody("invalid-table", f"/lines/{at}/{name}")
            agency, row, column, value = (line[places[name]].strip() for name in COLUMNS)
            yield agency, Figure(f"/lines/{at}", row, column, value)

    parts = gather(figures())
    return Delivery.of(common.get("regime", ""), common.get("period", ""), parts)


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return ";" if head.count(";") > head.count(",") else ","
