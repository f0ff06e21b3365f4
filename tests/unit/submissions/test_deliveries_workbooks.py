"""The XLSX form of a delivery: the unit's form or a list; bombs and strangers are refused."""

import pytest

from submissions.documents.reading import WorkbookUnreadable, check_package, read, sheets_of
from submissions.domain.deliveries.shapes import UnreadableBody
from submissions.domain.deliveries.workbook_form import read_sheets
from tests.support.builders_intake import a_package, a_workbook

FORM: list[list[object]] = [
    ["regime", "TTHC-II06A"],
    ["period", "2026-H1"],
    [],
    ["row", "c2", "chi", "note"],
    ["1", 120, 12.5, "=1+1"],
    ["2", None, 0.1, "-"],
]


def test_a_sheet_in_the_units_form_is_read_with_the_place_of_every_figure() -> None:
    delivery = read_sheets(read(a_workbook({"07201": FORM})))
    (part,) = delivery.parts
    assert (delivery.regime, delivery.period) == ("TTHC-II06A", "2026-H1")
    assert part.agency == "07201"
    said = [(one.pointer, one.row, one.column, one.value) for one in part.figures()]
    assert said == [
        ("/07201/B5", "1", "c2", "120"),
        ("/07201/C5", "1", "chi", "12.5"),
        ("/07201/D5", "1", "note", "=1+1"),
        ("/07201/C6", "2", "chi", "0.1"),
        ("/07201/D6", "2", "note", "-"),
    ]


def test_a_sheet_may_name_its_agency() -> None:
    delivery = read_sheets(read(a_workbook({"Tờ 1": [["agency", "07204"], *FORM]})))
    assert [part.agency for part in delivery.parts] == ["07204"]


def test_every_sheet_is_an_agency() -> None:
    delivery = read_sheets(read(a_workbook({"07201": FORM, "07204": FORM})))
    assert [part.agency for part in delivery.parts] == ["07201", "07204"]


def test_a_list_is_read_as_in_csv() -> None:
    rows: list[list[object]] = [["agency", "row", "column", "value"], ["07201", "1", "c2", 120]]
    (part,) = read_sheets(read(a_workbook({"Số liệu": rows}))).parts
    assert [(one.pointer, one.value) for one in part.figures()] == [("/lines/2", "120")]


WRONG: dict[str, tuple[dict[str, list[list[object]]], str]] = {
    "no line of columns": ({"07201": [["1", "2"]]}, "/07201"),
    "two periods": ({"a": FORM, "b": [["period", "2027-H1"], *FORM[3:]]}, "/b/regime"),
    "a figure beside no row": ({"a": [*FORM, [None, 5]]}, "/a/B7"),
    "a figure below no column": ({"a": [["row", "c2", None], ["1", 5, 7]]}, "/a/C2"),
    "a list beside a form": (
        {"a": [["agency", "row", "column", "value"]], "b": FORM},
        "/a",
    ),
}


@pytest.mark.parametrize(("sheets", "pointer"), WRONG.values(), ids=WRONG.keys())
def test_a_workbook_that_makes_no_sense_is_refused_with_its_place(
    sheets: dict[str, list[list[object]]], pointer: str
) -> None:
    with pytest.raises(UnreadableBody) as refused:
        read_sheets(read(a_workbook(sheets)))
    assert (refused.value.slug, refused.value.pointer) == ("invalid-table", pointer)


async def test_a_process_of_its_own_reads_the_same() -> None:
    workbook = a_workbook({"07201": FORM})
    assert await sheets_of(workbook) == read(workbook)


PACKAGES = {
    "no package": b"PK\x03\x04 no zip",
    "a bomb": a_package({"xl/worksheets/sheet1.xml": b" " * (20 << 20)}),
    "too many parts": a_package({f"{at}": b"" for at in range(2001)}),
}


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES.keys())
def test_a_package_that_is_too_much_is_not_opened(package: bytes) -> None:
    with pytest.raises(WorkbookUnreadable):
        check_package(package)


async def test_a_package_that_is_no_workbook_ends_only_its_reader() -> None:
    with pytest.raises(WorkbookUnreadable):
        await sheets_of(a_package({"a.txt": b"text"}))
