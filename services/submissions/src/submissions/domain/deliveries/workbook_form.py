"""The XLSX form of a delivery: the unit's form, a sheet an agency, or a list as in CSV.

A sheet in the unit's form names ``regime``, ``period`` and ``agency`` beside these words in its
first rows (a sheet without ``agency`` is called by its code), then has a line that begins with
``row`` and goes on with column codes, and below it a line for each row of the form. An empty cell
says nothing.
"""

from collections.abc import Iterator, Sequence

from submissions.domain.deliveries.shapes import Delivery, Figure, UnreadableBody, gather
from submissions.domain.deliveries.table_form import COLUMNS, read_rows

Rows = Sequence[Sequence[str]]
CORNER = "row"


def read_sheets(sheets: Sequence[tuple[str, Rows]]) -> Delivery:
    """Read a workbook's sheets; raises ``UnreadableBody`` naming sheet and cell."""
    for name, rows in sheets:
        if rows and set(COLUMNS) <= {cell.strip().lower() for cell in rows[0]}:
            if len(sheets) > 1:
                raise UnreadableBody("invalid-table", f"/{name}")
            return read_rows(iter(rows))
    common: dict[str, str] = {}
    parts = gather(
        figure for name, rows in sheets if rows for figure in _figures(name, rows, common)
    )
    return Delivery.of(common.get("regime", ""), common.get("period", ""), parts)


def _figures(sheet: str, rows: Rows, common: dict[str, str]) -> Iterator[tuple[str, Figure]]:
    top = next((at for at, row in enumerate(rows) if _first(row) == CORNER), None)
    if top is None:
        raise UnreadableBody("invalid-table", f"/{sheet}")
    named = {_first(row): row[1].strip() for row in rows[:top] if len(row) > 1}
    for name in ("regime", "period"):
        if common.setdefault(name, named.get(name, "")) != named.get(name, ""):
            raise UnreadableBody("invalid-table", f"/{sheet}/{name}")
    agency = named.get("agency") or sheet.strip()
    columns = [code.strip() for code in rows[top][1:]]
    for at, row in enumerate(rows[top + 1 :], start=top + 2):
        for across, (column, value) in enumerate(zip(columns, row[1:], strict=False), start=1):
            if value.strip():
                pointer = f"/{sheet}/{_letters(across)}{at}"
                if not column or not row[0].strip():
                    raise UnreadableBody("invalid-table", pointer)
                yield agency, Figure(pointer, row[0].strip(), column, value.strip())


def _first(row: Sequence[str]) -> str:
    return row[0].strip().lower() if row else ""


def _letters(column: int) -> str:
    """Return the letters of a column of a sheet: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
