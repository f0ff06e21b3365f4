"""The document as Word: the template's placeholders filled, the table of figures laid below."""

import io
from collections.abc import Iterable
from dataclasses import fields
from importlib import resources
from typing import Any

from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table as WordTable
from docx.table import _Cell
from docxtpl import DocxTemplate

from submissions.documents.paper import Letter, Table

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
NUMBER_WIDTH = 10
UNIT_WIDTH = 20


def word_of(letter: Letter) -> bytes:
    """Return the document as .docx, in the layout of NĐ 30/2020."""
    source = resources.files("submissions.documents").joinpath("resources/report.docx")
    template = DocxTemplate(io.BytesIO(source.read_bytes()))
    said = {field.name: getattr(letter, field.name) for field in fields(letter)}
    template.render(
        {name: value for name, value in said.items() if name != "table"}, autoescape=True
    )
    document: Document = template.docx
    document.core_properties.title = letter.subject
    _turn(document, letter.table)
    _lay(document, letter.table)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _turn(document: Document, table: Table) -> None:
    section = document.sections[-1]
    if table.is_wide:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
        section.left_margin = section.right_margin = section.top_margin = Mm(20)
        section.bottom_margin = Mm(15)


def _lay(document: Document, table: Table) -> None:
    width = table.leading + len(table.is_text)
    laid = document.add_table(rows=table.depth + 1 + len(table.lines), cols=width)
    laid.style = "Table Grid"
    laid.alignment = WD_TABLE_ALIGNMENT.CENTER
    laid.autofit = False
    legend = document.paragraphs[-1]._p
    legend.addprevious(laid._tbl)
    cells = [[_Cell(tc, laid) for tc in row._tr.tc_lst] for row in laid.rows]
    document.styles["Figures"].font.size = Pt(8 if len(table.is_text) > 10 else 10)
    for line, figures in zip(cells[table.depth + 1 :], table.lines, strict=True):
        texts = [figures.number, figures.name]
        if table.has_units:
            texts.append(figures.unit)
        for at, (cell, text) in enumerate(zip(line, [*texts, *figures.figures], strict=True)):
            _write(cell, text, align=_side(table, at), bold=figures.is_total)
    for cell, text in zip(cells[table.depth], table.numbering, strict=True):
        _write(cell, text, align=WD_ALIGN_PARAGRAPH.CENTER, italic=True)
    _widths(document, laid, cells, table)
    _head(cells, table)
    for row in laid.rows[: table.depth + 1]:
        _repeat(row._tr)


def _head(cells: list[list[_Cell]], table: Table) -> None:
    for head in table.header:
        first = cells[head.row][head.column]
        last = cells[head.row + head.rows - 1][head.column + head.columns - 1]
        if first is not last:
            first = first.merge(last)
        _write(first, head.text, align=WD_ALIGN_PARAGRAPH.CENTER, bold=True)


def _write(
    cell: _Cell,
    text: str,
    *,
    align: WD_ALIGN_PARAGRAPH,
    bold: bool = False,
    italic: bool = False,
) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    paragraph.style = "Figures"
    paragraph.alignment = align
    run = paragraph.add_run(text)
    run.bold, run.italic = bold, italic


def _side(table: Table, at: int) -> WD_ALIGN_PARAGRAPH:
    if at == 0:
        return WD_ALIGN_PARAGRAPH.CENTER
    if at < table.leading or table.is_text[at - table.leading]:
        return WD_ALIGN_PARAGRAPH.LEFT
    return WD_ALIGN_PARAGRAPH.RIGHT


def _widths(
    document: Document, laid: WordTable, cells: Iterable[Iterable[_Cell]], table: Table
) -> None:
    section: Any = document.sections[-1]
    room = (section.page_width - section.left_margin - section.right_margin) / Mm(1)
    room -= NUMBER_WIDTH + (UNIT_WIDTH if table.has_units else 0)
    share = room / (len(table.is_text) + 2)
    widths = [Mm(NUMBER_WIDTH), Mm(2 * share)]
    if table.has_units:
        widths.append(Mm(UNIT_WIDTH))
    widths += [Mm(share)] * len(table.is_text)
    for column, width in zip(laid.columns, widths, strict=True):
        column.width = width
    for row in cells:
        for cell, width in zip(row, widths, strict=True):
            cell.width = width


def _repeat(row: Any) -> None:
    """Make Word repeat a header row on every page."""
    marks = row.get_or_add_trPr()
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    marks.append(mark)
