"""Every figure against its cell: what is taken, what is refused, and the fast way like the slow."""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.forms import Attribute, ColumnKind
from contracts.text import nfc
from submissions.domain.deliveries.checks import check
from submissions.domain.deliveries.grids import PLAIN_TEXT, Block, Grid, pattern_of
from submissions.domain.deliveries.shapes import Figure, Listing, Matrix, Number
from submissions.domain.deliveries.values import BadFigure, canonical, plain_text
from submissions.domain.formulas import FormPlan
from tests.support.builders_figures import a_form
from tests.support.builders_intake import GRID, some_rows

COUNT = Attribute(code="c", name="c", minimum="0")
MONEY = Attribute(code="m", name="m", decimals=2)
NOTE = Attribute(code="n", name="n", kind=ColumnKind.TEXT)


GOOD = {
    "whole": (COUNT, "120", "120"),
    "zero": (COUNT, "0", "0"),
    "needless zeros": (MONEY, "007.50", "7.5"),
    "no part": (MONEY, "12.00", "12"),
    "negative": (MONEY, "-0.05", "-0.05"),
    "minus nothing": (MONEY, "-0.00", "0"),
    "minus zero": (COUNT, "-0", "0"),
    "minus zero as a number": (MONEY, Number("-0.0"), "0"),
    "a number": (COUNT, 120, "120"),
    "a number with a part": (MONEY, Number("1.10"), "1.1"),
    "a number with an exponent": (COUNT, Number("1.2e3"), "1200"),
    "nil": (COUNT, "-", "-"),
    "not applicable": (COUNT, "x", "x"),
    "clears": (COUNT, "", ""),
    "text": (NOTE, "Đã đối chiếu", "Đã đối chiếu"),
    "text not yet NFC": (NOTE, unicodedata.normalize("NFD", "Đã đối chiếu"), "Đã đối chiếu"),
    "a number as text": (NOTE, 5, "5"),
}


@pytest.mark.parametrize(("attribute", "value", "kept"), GOOD.values(), ids=GOOD.keys())
def test_a_good_figure_is_kept_exactly(attribute: Attribute, value: object, kept: str) -> None:
    assert canonical(attribute, value) == kept


BAD = {
    "comma": (COUNT, "12,5", "not-a-decimal"),
    "grouped": (MONEY, "1.234.567", "not-a-decimal"),
    "exponent in text": (COUNT, "1e3", "not-a-decimal"),
    "plus": (COUNT, "+5", "not-a-decimal"),
    "blank": (COUNT, " 5", "not-a-decimal"),
    "bare point": (MONEY, ".5", "not-a-decimal"),
    "words": (COUNT, "năm", "not-a-decimal"),
    "other digits": (COUNT, "٣", "not-a-decimal"),
    "not a number": (COUNT, "NaN", "not-a-decimal"),
    "true": (COUNT, True, "not-a-decimal"),
    "a list": (COUNT, ["1"], "not-a-decimal"),
    "true as text": (NOTE, True, "invalid-value"),
    "a list as text": (NOTE, ["1"], "invalid-value"),
    "an object": (COUNT, {"a": 1}, "not-a-decimal"),
    "capital x": (COUNT, "X", "not-a-decimal"),
    "too many decimals": (COUNT, "1.5", "too-many-decimals"),
    "a hair": (MONEY, Number("1e-9"), "too-many-decimals"),
    "below minimum": (COUNT, "-1", "below-minimum"),
    "too large": (COUNT, "1" * 16, "number-too-large"),
    "far too large": (COUNT, Number("1e99"), "number-too-large"),
    "out of every range": (COUNT, Number("1e400"), "not-a-decimal"),
    "40 digits": (COUNT, "1" * 40, "number-too-large"),
    "40 digits as a number": (COUNT, int("1" * 40), "number-too-large"),
    "40 digits after the point": (MONEY, Number("0." + "1" * 40), "too-many-decimals"),
    "too large a number": (COUNT, 10**30, "number-too-large"),
    "replacement character": (NOTE, "a\ufffd", "invalid-text"),
    "control character": (NOTE, "a\x07", "invalid-text"),
    "half a character": (NOTE, "a\ud83d", "invalid-text"),
    "control character in a figure": (COUNT, "1\x00", "invalid-text"),
    "long text": (NOTE, "a" * 2001, "text-too-long"),
}


@pytest.mark.parametrize(("attribute", "value", "slug"), BAD.values(), ids=BAD.keys())
def test_a_bad_figure_is_refused(attribute: Attribute, value: object, slug: str) -> None:
    with pytest.raises(BadFigure) as refused:
        canonical(attribute, value)
    assert refused.value.slug == slug


PLACES = {
    "unknown row": (("9", "c2"), "cell-not-assigned"),
    "unknown column": (("1", "zz"), "cell-not-assigned"),
    "formula": (("1", "c1"), "cell-is-derived"),
    "total row": (("TONG", "c2"), "cell-is-derived"),
}


@pytest.mark.parametrize(("cell", "slug"), PLACES.values(), ids=PLACES.keys())
def test_a_cell_that_takes_no_figures_is_named(cell: tuple[str, str], slug: str) -> None:
    checked = check(GRID, [Matrix("/reports/0", "07201", (cell[0],), (cell[1],), [["1"]])])
    assert [(bad.figure.pointer, bad.slug) for bad in checked.bad] == [
        ("/reports/0/values/0/0", slug)
    ]


def test_a_cell_outside_the_assignment_is_refused() -> None:
    grid = Grid(FormPlan(a_form()), rows=["1"], columns=["c2"])
    checked = check(grid, [some_rows(["1", "1"], ["1", "1"], columns=("c2", "c3"))])
    assert checked.good == {"1:c2": "1"}
    assert {bad.slug for bad in checked.bad} == {"cell-not-assigned"}


def test_everything_wrong_is_named_in_one_pass() -> None:
    checked = check(GRID, [some_rows(["12,5", "1.234", "được"], ["7", "x", "a\x07"])])
    assert checked.good == {"1:note": "được", "2:c2": "7", "2:chi": "x"}
    assert [(bad.figure.pointer[18:], bad.slug) for bad in checked.bad] == [
        ("0/0", "not-a-decimal"),
        ("0/1", "too-many-decimals"),
        ("1/2", "invalid-text"),
    ]


def test_a_cell_said_twice_is_refused_with_both_places() -> None:
    listed = [Figure(f"/figures/{at}", "1", "c2", value) for at, value in enumerate("57")]
    checked = check(GRID, [Listing("07201", listed)])
    assert checked.good == {}
    assert [(bad.figure.pointer, bad.params["other"]) for bad in checked.bad] == [
        ("/figures/0", "/figures/1"),
        ("/figures/1", "/figures/0"),
    ]


@pytest.mark.parametrize(
    "parts",
    [
        [some_rows(["5"], columns=("c2",)), some_rows(["7"], columns=("c2",))],
        [Matrix("/reports/0", "07201", ("1", "1"), ("c2",), [["5"], ["7"]])],
        [Matrix("/reports/0", "07201", ("1",), ("c2", "c2"), [["5", "7"]])],
    ],
    ids=["two matrices", "a row twice", "a column twice"],
)
def test_a_matrix_that_says_a_cell_twice_is_refused(parts: list[Matrix]) -> None:
    assert [bad.slug for bad in check(GRID, parts).bad] == ["cell-said-twice"] * 2


def test_a_line_break_inside_a_value_moves_no_other_value() -> None:
    checked = check(GRID, [some_rows(["1\n2", "3", None])])
    assert checked.good == {"1:chi": "3"}
    assert [bad.slug for bad in checked.bad] == ["not-a-decimal"]


def test_line_breaks_that_would_fill_whole_rows_are_found_in_their_cells() -> None:
    checked = check(GRID, [some_rows(["1\n2", "3\n4", "5\n6"])])
    assert checked.good == {"1:note": "5\n6"}
    assert [bad.slug for bad in checked.bad] == ["not-a-decimal", "not-a-decimal"]


def test_the_sign_for_null_cannot_be_sent() -> None:
    checked = check(GRID, [some_rows(["\x00", None, "tốt"])])
    assert checked.good == {"1:note": "tốt"}
    assert [bad.slug for bad in checked.bad] == ["invalid-text"]


VALUES = st.one_of(
    st.none(),
    st.integers(-(10**17), 10**17),
    st.decimals(-(10**6), 10**6, places=3).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(lambda number: Number(str(number))),
    st.sampled_from(["-", "x", "", "0", "-0", "7", "1e3", "12,5", "\n", "\x00", "Nguyễn"]),
    st.text(max_size=5),
    st.booleans(),
)


@example([[None, None, 10**15]])
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=3))
def test_the_fast_way_finds_what_the_slow_way_finds(lines: list[list[object]]) -> None:
    whole = some_rows(*lines)
    fast, slow = check(GRID, [whole]), check(GRID, [Listing(whole.agency, list(whole.figures()))])
    assert fast.good == slow.good
    assert [(bad.figure, bad.slug) for bad in fast.bad] == [
        (bad.figure, bad.slug) for bad in slow.bad
    ]


NUMBERS = st.one_of(
    st.decimals(-(10**4), 10**4, places=2).map(str),
    st.decimals(-1, 1, places=1).map(lambda number: Number(str(number))),
    st.sampled_from(["0.0", "-0.0", "-0.10", "10.00", "100", "5.", "0.50", "1.000", "x"]),
)


SHARE = Attribute(code="c", name="c", decimals=1)


@pytest.mark.parametrize("attribute", [COUNT, SHARE, MONEY], ids=["count", "share", "money"])
@given(NUMBERS)
def test_needless_zeros_are_cut_off_the_fast_way_as_the_slow(
    attribute: Attribute, text: str
) -> None:
    pattern = re.compile(pattern_of(attribute, may_end_in_zeros=True) + r"\n")
    kept = Block(("1:c",), pattern, is_numeric=True, is_short=attribute.decimals <= 1).canonical(
        text
    )
    assert kept is None or kept == canonical(attribute, Number(text))


def test_a_matrix_whose_figures_end_in_zeros_is_good_at_once() -> None:
    block = GRID.block(("1", "2"), ("c2", "chi"))
    assert block
    assert block.canonical("120\n7.50\n0\n-1.0") == "120\n7.5\n0\n-1"


@given(st.decimals(-(10**14), 10**14, places=2))
def test_every_decimal_of_a_column_is_kept_to_the_last_digit(number: Decimal) -> None:
    kept = canonical(MONEY, str(number))
    assert Decimal(kept) == number
    assert canonical(MONEY, kept) == kept
    assert plain_text(number) == kept


def test_letters_that_pass_unseen_are_clean_and_nfc() -> None:
    singles = "".join(chr(at) for at in range(0x20, 0x1F00))
    found = "".join(re.findall(PLAIN_TEXT, singles))
    assert nfc(found) == found
    assert all(not unicodedata.combining(one) for one in found)
    assert set("đĐơƠưƯăẮệỹÝ") <= set(found)


class Unlooked(Matrix):
    """A matrix that may not be looked at cell by cell."""

    def figures(self) -> Iterator[Figure]:
        """Refuse the slow way."""
        raise AssertionError("looked at cell by cell")


def test_a_good_matrix_is_not_looked_at_cell_by_cell() -> None:
    lines: list[list[object]] = [["7", "1.5", "Tốt"], [7, None, "-"]]
    whole = Unlooked("/reports/0", "07201", ("1", "2"), ("c2", "chi", "note"), lines)
    assert check(GRID, [whole]).good == {
        "1:c2": "7",
        "1:chi": "1.5",
        "1:note": "Tốt",
        "2:c2": "7",
        "2:note": "-",
    }
