"""The document as Excel: figures as numbers where a number can hold them, text as text always."""

import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import xlsxwriter

from contracts.forms import ColumnKind
from submissions.documents.paper import Letter, Paper
from submissions.documents.wording import wording, written

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FONT = "Times New Roman"
SAFE_DIGITS = 15
"""A spreadsheet keeps 15 significant digits; longer figures are written as text."""


def excel_of(paper: Paper, letter: Letter) -> bytes:
    """Return the table as .xlsx: one sheet of figures, one naming the units not in them."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": letter.subject, "author": letter.agency})
        _figures(book, paper, letter)
        if paper.missing or paper.excluded:
            _units(book, paper)
    return file.getvalue()


def _figures(book: Any, paper: Paper, letter: Letter) -> None:
    sheet = book.add_worksheet(wording()["table"]["sheet"])
    plain = {"font_name": FONT, "font_size": 12}
    framed = {**plain, "border": 1, "valign": "vcenter"}
    head = book.add_format({**framed, "bold": True, "align": "center", "text_wrap": True})
    last = letter.table.leading + len(letter.table.is_text) - 1
    for at, (text, look) in enumerate(_titles(letter)):
        sheet.merge_range(at, 0, at, last, text, book.add_format({**plain, **look}))
    first = len(_titles(letter)) + 1
    for cell in letter.table.header:
        box = (first + cell.row, cell.column)
        end = (first + cell.row + cell.rows - 1, cell.column + cell.columns - 1)
        if box == end:
            sheet.write_string(*box, cell.text, head)
        else:
            sheet.merge_range(*box, *end, cell.text, head)
    top = first + letter.table.depth
    for at, sign in enumerate(letter.table.numbering):
        sheet.write_string(top, at, sign, book.add_format({**framed, "align": "center"}))
    _lines(book, sheet, paper, letter, top + 1)
    sheet.write_string(
        top + 2 + len(letter.table.lines),
        0,
        letter.legend,
        book.add_format({**plain, "italic": True}),
    )
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, 34)
    sheet.set_column(2, last, 14)
    sheet.freeze_panes(top + 1, letter.table.leading)
    sheet.repeat_rows(first, top)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if letter.table.is_wide:
        sheet.set_landscape()


def _titles(letter: Letter) -> list[tuple[str, dict[str, object]]]:
    centred = {"align": "center"}
    return [
        (letter.superior, {"align": "left"}),
        (letter.agency, {"align": "left", "bold": True}),
        (letter.appendix_title, {**centred, "bold": True, "font_size": 14}),
        (letter.appendix_note, {**centred, "italic": True}),
        (letter.measure, {"align": "right", "italic": True}),
    ]


def _lines(book: Any, sheet: Any, paper: Paper, letter: Letter, top: int) -> None:
    looks = _Looks(book)
    for at, (row, line) in enumerate(zip(paper.form.rows, letter.table.lines, strict=True)):
        leading = [line.number, line.name]
        if letter.table.has_units:
            leading.append(line.unit)
        for across, text in enumerate(leading):
            sheet.write_string(top + at, across, text, looks.text(bold=line.is_total))
        for across, column in enumerate(paper.form.columns, start=len(leading)):
            said = paper.totals.get(f"{row.code}:{column.code}", "")
            is_number = column.kind is ColumnKind.NUMBER and said not in {"", "-", "x"}
            if is_number and fits(said):
                look = looks.number(len(said.partition(".")[2]), bold=line.is_total)
                sheet.write_number(top + at, across, float(said), look)
            else:
                text = written(said) if is_number else said
                look = looks.text(bold=line.is_total, right=column.kind is ColumnKind.NUMBER)
                sheet.write_string(top + at, across, text, look)


def _units(book: Any, paper: Paper) -> None:
    says = wording()["table"]
    sheet = book.add_worksheet(says["units_sheet"])
    plain = book.add_format({"font_name": FONT, "font_size": 12})
    rows: Iterable[tuple[str, str, str]] = [
        *((name, says["units_missing"], "") for name in paper.missing),
        *((name, says["units_excluded"], reason) for name, reason in paper.excluded),
    ]
    for at, row in enumerate(rows):
        for across, text in enumerate(row):
            sheet.write_string(at, across, text, plain)
    sheet.set_column(0, 2, 30)


def fits(figure: str) -> bool:
    """Say whether a spreadsheet's number holds a decimal exactly as it is read back."""
    digits = figure.lstrip("-").replace(".", "").lstrip("0")
    return len(digits) <= SAFE_DIGITS and Decimal(repr(float(figure))) == Decimal(figure)


class _Looks:
    """Formats by what they are for: a workbook takes each only once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[object, ...], Any] = {}

    def number(self, decimals: int, *, bold: bool) -> Any:
        mark = "#,##0" + ("." + "0" * decimals if decimals else "")
        return self._look(num_format=mark, align="right", bold=bold)

    def text(self, *, bold: bool, right: bool = False) -> Any:
        return self._look(align="right" if right else "left", bold=bold, text_wrap=not right)

    def _look(self, **said: object) -> Any:
        key = tuple(sorted(said.items()))
        if key not in self._made:
            frame = {"font_name": FONT, "font_size": 12, "border": 1, "valign": "vcenter"}
            self._made[key] = self._book.add_format({**frame, **said})
        return self._made[key]
