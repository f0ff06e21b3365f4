"""Official documents (NĐ 30/2020): the words, the layout, and figures as documents write them."""

import io
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import resources

import openpyxl
import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.shared import Mm
from hypothesis import given
from hypothesis import strategies as st

from contracts.forms import Attribute
from submissions.documents.excel import excel_of, fits
from submissions.documents.paper import HeaderCell
from submissions.documents.pdf import pages_of, pdf_of
from submissions.documents.word import word_of
from submissions.documents.wording import (
    initials_of,
    letter_of,
    long_date,
    period_words,
    place_of,
    table_of,
    written,
)
from tests.support.builders_figures import a_form, an_indicator
from tests.support.builders_papers import a_paper, a_wide_paper

WRITTEN = {
    "0": "0",
    "7": "7",
    "999": "999",
    "1000": "1.000",
    "1234567": "1.234.567",
    "-1234.5": "-1.234,5",
    "0.05": "0,05",
    "-0.05": "-0,05",
    "123456789012345678.000001": "123.456.789.012.345.678,000001",
}


@pytest.mark.parametrize(("figure", "text"), WRITTEN.items(), ids=WRITTEN.keys())
def test_figures_are_written_as_in_vietnamese_documents(figure: str, text: str) -> None:
    assert written(figure) == text


@given(st.decimals(-(10**15), 10**15, places=4))
def test_a_written_figure_reads_back_as_itself(number: Decimal) -> None:
    text = written(f"{number:f}")
    assert Decimal(text.replace(".", "").replace(",", ".")) == number


PERIODS = {
    "2026-05": "tháng 5 năm 2026",
    "2026-Q2": "quý II năm 2026",
    "2026-H1": "6 tháng đầu năm 2026",
    "2026-H2": "6 tháng cuối năm 2026",
    "2026-9M": "9 tháng đầu năm 2026",
    "2026": "năm 2026",
    "BAO-SO-3": "kỳ BAO-SO-3",
}


@pytest.mark.parametrize(("code", "words"), PERIODS.items(), ids=PERIODS.keys())
def test_a_period_is_said_in_words(code: str, words: str) -> None:
    assert period_words(code) == words


def test_days_below_ten_and_the_first_two_months_have_a_leading_zero() -> None:
    assert long_date(date(2026, 2, 5)) == "ngày 05 tháng 02 năm 2026"
    assert long_date(date(2026, 11, 15)) == "ngày 15 tháng 11 năm 2026"
    assert long_date(date(2026, 3, 9)) == "ngày 09 tháng 3 năm 2026"


def test_an_agency_is_shortened_to_its_initials() -> None:
    assert initials_of("Sở Kế hoạch và Đầu tư") == "SKHĐT"
    assert initials_of("Văn phòng UBND tỉnh") == "VPUBNDT"


def test_a_place_is_an_area_without_its_kind() -> None:
    assert place_of("Thành phố Bắc Giang") == "Bắc Giang"
    assert place_of("Huế") == "Huế"


def test_the_letter_carries_what_the_decree_asks_for() -> None:
    letter = letter_of(a_paper())
    assert letter.country == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert letter.motto == "Độc lập - Tự do - Hạnh phúc"
    assert letter.number == "Số: 05/BC-STTTT"
    assert letter.dateline == "Bắc Giang, ngày 05 tháng 02 năm 2026"
    assert letter.dear == "Kính gửi: Ủy ban nhân dân tỉnh Bắc Giang"
    assert letter.paragraphs[-1].endswith("./.")
    assert letter.copies_title == "Nơi nhận:"


def test_missing_units_and_those_left_out_are_named() -> None:
    text = "\n".join(letter_of(a_paper()).paragraphs)
    assert "190/192 đơn vị" in text
    assert "(2): Xã An Hà; Xã Dương Đức." in text
    assert "Xã Phì Điền (lý do: đang xác minh)" in text


def test_a_complete_report_says_that_nobody_is_missing() -> None:
    text = "\n".join(letter_of(a_paper(missing=[], excluded=[])).paragraphs)
    assert "Không có đơn vị nào thiếu số liệu." in text


def test_nested_headings_span_what_stands_below_them() -> None:
    table = table_of(a_paper())
    assert table.depth == 2
    assert HeaderCell(0, 2, 1, 3, "Tiếp nhận") in table.header
    assert HeaderCell(1, 3, 1, 1, "Trực tuyến") in table.header
    assert HeaderCell(0, 5, 2, 1, "Tỷ lệ trực tuyến (%)") in table.header


@given(st.lists(st.lists(st.sampled_from("AB"), max_size=3), min_size=1, max_size=8))
def test_the_header_covers_every_place_exactly_once(headings: list[list[str]]) -> None:
    columns = [
        Attribute(code=f"c{at}", name=f"C{at}", headings=path) for at, path in enumerate(headings)
    ]
    form = a_form().model_copy(update={"columns": columns})
    table = table_of(a_paper(form=form, totals={}))
    covered = [
        (cell.row + down, cell.column + across)
        for cell in table.header
        for down in range(cell.rows)
        for across in range(cell.columns)
    ]
    assert sorted(covered) == [
        (row, column) for row in range(table.depth) for column in range(2 + len(columns))
    ]


def test_the_unit_of_measure_has_a_column_only_where_rows_differ() -> None:
    form = a_form()
    mixed = form.model_copy(update={"rows": [*form.rows, an_indicator("9", unit="hộ")]})
    assert letter_of(a_paper()).measure == "Đơn vị tính: hồ sơ"
    assert table_of(a_paper(form=mixed)).has_units


def test_word_holds_the_letter_and_the_table_below_it() -> None:
    document = Document(io.BytesIO(word_of(letter_of(a_paper()))))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "Kết quả giải quyết <thủ tục> & hồ sơ 6 tháng đầu năm 2026" in text
    assert "{{" not in text
    head = "\n".join(cell.text for cell in document.tables[0]._cells)
    assert "Số: 05/BC-STTTT" in head
    figures = [cell.text for row in document.tables[-1].rows[3:4] for cell in row.cells]
    assert figures == ["1", "Lĩnh vực 1", "1.234.567", "-", "", "", "-1.234,05", "=HYPERLINK(1)"]


def test_word_has_the_margins_of_the_decree_and_numbers_pages_from_the_second() -> None:
    first, second = Document(io.BytesIO(word_of(letter_of(a_wide_paper())))).sections
    margins = (first.top_margin, first.bottom_margin, first.left_margin, first.right_margin)
    assert [round((margin or 0) / Mm(1)) for margin in margins] == [20, 20, 30, 15]
    assert first.different_first_page_header_footer
    assert "PAGE" in first.header._element.xml
    assert not second.different_first_page_header_footer
    assert second.orientation == WD_ORIENT.LANDSCAPE


def test_pdf_embeds_its_fonts_and_is_the_same_every_time() -> None:
    letter = letter_of(a_paper())
    made = pdf_of(letter)
    assert made.startswith(b"%PDF-")
    assert b"LiberationSerif" in made
    assert pdf_of(letter) == made


def test_pdf_turns_the_page_only_for_a_wide_table() -> None:
    narrow = a_form().model_copy(update={"columns": a_form().columns[:4]})
    sizes = [
        [(page[16:20], page[20:24]) for page in pages_of(letter_of(paper))]  # of the PNG header
        for paper in (a_wide_paper(), a_paper(form=narrow))
    ]
    assert [width > height for width, height in sizes[0]] == [False, True]
    assert [width > height for width, height in sizes[1]] == [False, False]


def test_excel_holds_figures_as_numbers_and_text_as_text() -> None:
    paper = a_paper()
    book = openpyxl.load_workbook(io.BytesIO(excel_of(paper, letter_of(paper))))
    sheet = book.worksheets[0]
    by_value = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    assert by_value[1234567].number_format == "#,##0"
    assert by_value[-1234.05].number_format == "#,##0.00"
    assert by_value["=HYPERLINK(1)"].data_type == "s"
    assert [row[0].value for row in book["Đơn vị"].iter_rows()] == [
        "Xã An Hà",
        "Xã Dương Đức",
        "Xã Phì Điền",
    ]


def test_excel_writes_a_figure_it_cannot_hold_as_text() -> None:
    paper = a_paper(totals={"1:chi": "1234567890123456.78"})
    book = openpyxl.load_workbook(io.BytesIO(excel_of(paper, letter_of(paper))))
    values = [value for row in book.worksheets[0].iter_rows(values_only=True) for value in row]
    assert "1.234.567.890.123.456,78" in values


@given(st.decimals(-(10**9), 10**9, places=4))
def test_a_figure_that_fits_reads_back_from_a_double(number: Decimal) -> None:
    if fits(f"{number:f}"):
        assert Decimal(repr(float(number))) == number


def test_excel_holds_no_formula_and_no_link() -> None:
    paper = a_paper(
        regime="=1+1", missing=["=cmd|' /C calc'!A0", "http://example.org", "@SUM(1)", "+1", "-1"]
    )
    made = excel_of(paper, letter_of(paper))
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        sheets = b"".join(package.read(name) for name in package.namelist() if "sheet" in name)
    assert b"<f>" not in sheets
    assert b"hyperlink" not in sheets


def test_the_font_travels_with_its_licence() -> None:
    fonts = resources.files("submissions.documents").joinpath("resources/fonts")
    assert "SIL OPEN FONT LICENSE" in fonts.joinpath("OFL.txt").read_text()


def test_a_report_of_another_agency_is_numbered_with_its_initials() -> None:
    paper = replace(a_paper(), agency="Thanh tra tỉnh", number=12)
    assert letter_of(paper).number == "Số: 12/BC-TTT"
