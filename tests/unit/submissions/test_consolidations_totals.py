"""Totals over units: exact like an independent recomputation, and no state of a cell is lost."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.forms import Attribute, ColumnKind, Operator
from submissions.domain.formulas import FormPlan, Neighbours
from submissions.domain.totals import Total, UnitCells, total, totals_of
from tests.support.builders_figures import a_form, an_indicator

PLAN = FormPlan(a_form())
FIGURES = st.decimals(-(10**12), 10**12, places=2).map(lambda number: f"{number:f}")
SAID = st.one_of(st.none(), st.sampled_from(["-", "x"]), FIGURES)
COUNTS = st.one_of(st.sampled_from(["-", "x"]), st.integers(0, 10**9).map(str))
UNIT = st.dictionaries(
    st.sampled_from([f"{row}:{column}" for row in "123" for column in ("c2", "c3")]),
    COUNTS,
)


def a_column(operator: Operator, *, decimals: int = 2) -> Attribute:
    """Return a column whose figures become one by ``operator``."""
    return Attribute(code="c", name="c", decimals=decimals, over_units=operator)


def figures(said: list[str | None]) -> list[Fraction]:
    """Return the figures among what units said, as exact fractions."""
    return [Fraction(text) for text in said if text is not None and text not in {"-", "x"}]


@given(st.lists(SAID, max_size=30))
def test_a_sum_is_exact_and_every_unit_is_counted_once(said: list[str | None]) -> None:
    found = total(a_column(Operator.SUM), said, len(said))
    exact = figures(said)
    if exact:
        assert found.value is not None
        assert Fraction(found.value) == sum(exact)
        assert "E" not in found.value
    counted = (found.figures, found.nil, found.not_applicable, found.missing)
    assert counted == (len(exact), said.count("-"), said.count("x"), said.count(None))


@given(st.lists(FIGURES, min_size=1, max_size=30))
def test_smallest_largest_and_count_are_those_of_the_figures(said: list[str | None]) -> None:
    exact = figures(said)
    least = total(a_column(Operator.MIN), said, len(said)).value
    most = total(a_column(Operator.MAX), said, len(said)).value
    assert (Fraction(least or "0"), Fraction(most or "0")) == (min(exact), max(exact))
    assert total(a_column(Operator.COUNT), said, len(said)).value == str(len(exact))


@given(st.lists(FIGURES, min_size=1, max_size=30))
def test_a_mean_is_rounded_half_up_to_the_decimals_of_its_column(said: list[str | None]) -> None:
    mean = sum(figures(said), Fraction(0)) / len(said)
    hundredths = abs(mean) * 100
    rounded = Fraction(int(hundredths + Fraction(1, 2)), 100) * (1 if mean >= 0 else -1)
    found = total(a_column(Operator.MEAN), said, len(said)).value
    assert Fraction(found or "0") == rounded


STATES = {
    "only nil": (["-", "-"], Total("-", 0, 2, 0, 1)),
    "only not applicable": (["x"], Total("x", 0, 0, 1, 2)),
    "nil and not applicable": (["-", "x"], Total("-", 0, 1, 1, 1)),
    "nobody said anything": ([None, None], Total(None, 0, 0, 0, 3)),
    "nil adds nothing": (["5", "-"], Total("5", 1, 1, 0, 1)),
    "zero is a figure": (["0", "-"], Total("0", 1, 1, 0, 1)),
    "figures that cancel out": (["2.5", "-2.5"], Total("0", 2, 0, 0, 1)),
}


@pytest.mark.parametrize(("said", "found"), STATES.values(), ids=STATES.keys())
def test_the_four_states_live_through_a_total(said: list[str | None], found: Total) -> None:
    assert total(a_column(Operator.SUM), said, 3) == found


def test_a_column_that_is_not_added_up_keeps_its_counts() -> None:
    assert total(a_column(Operator.NONE), ["5", "-"], 2) == Total(None, 1, 1, 0, 0)


def test_texts_are_not_added_up() -> None:
    column = Attribute(code="n", name="n", kind=ColumnKind.TEXT)
    assert total(column, ["12", None], 2) == Total(None, 1, 0, 0, 1)


@given(st.lists(UNIT, min_size=1, max_size=12))
def test_derived_cells_are_recomputed_from_totals(units: list[dict[str, str]]) -> None:
    totals = totals_of(PLAN, [UnitCells(None, None, cells) for cells in units])
    sums = {
        (row, column): figures([cells.get(f"{row}:{column}") for cells in units])
        for row in "123"
        for column in ("c2", "c3")
    }
    for row in ("1", "2", "3", "TONG"):
        rows = "123" if row == "TONG" else row
        online = [figure for one in rows for figure in sums[one, "c2"]]
        paper = [figure for one in rows for figure in sums[one, "c3"]]
        if online or paper:
            assert Fraction(str(totals[f"{row}:c1"].value)) == sum(online) + sum(paper)
        if online and sum(online) + sum(paper):
            share = sum(online, Fraction(0)) * 100 / sum([*online, *paper], Fraction(0))
            written = Fraction(str(totals[f"{row}:c4"].value))
            assert abs(written - share) <= Fraction(1, 200)


def test_a_ratio_is_that_of_the_totals_not_the_sum_of_ratios() -> None:
    units = [{"1:c2": "1", "1:c3": "0"}, {"1:c2": "0", "1:c3": "3"}]
    totals = totals_of(PLAN, [UnitCells(None, None, cells) for cells in units])
    assert totals["1:c4"] == Total("25", 0, 0, 0, 0, is_derived=True)


def test_a_unit_without_an_accepted_report_is_missing_in_every_cell() -> None:
    totals = totals_of(PLAN, [UnitCells(None, None, {"1:c2": "5"}), UnitCells(None, None, None)])
    assert totals["1:c2"] == Total("5", 1, 0, 0, 1)
    assert totals["2:c2"] == Total(None, 0, 0, 0, 2)


def test_a_cell_is_missing_only_at_units_that_were_assigned_it() -> None:
    units = [
        UnitCells(None, None, {"1:c2": "5"}),
        UnitCells(("2",), ("c2",), {"2:c2": "7"}),
        UnitCells(("2",), ("c2",), None),
    ]
    totals = totals_of(PLAN, units)
    assert totals["1:c2"] == Total("5", 1, 0, 0, 0)
    assert totals["2:c2"] == Total("7", 1, 0, 0, 2)
    assert totals["2:c3"] == Total(None, 0, 0, 0, 1)


def test_a_cell_that_nobody_was_assigned_has_no_total() -> None:
    totals = totals_of(PLAN, [UnitCells(("1",), ("c2",), {"1:c2": "5"})])
    assert "2:c2" not in totals


def test_year_to_date_of_a_total_adds_the_totals_of_earlier_periods() -> None:
    form = a_form().model_copy(
        update={
            "rows": [an_indicator("1")],
            "columns": [
                Attribute(code="month", name="m", decimals=1),
                Attribute(code="ytd", name="y", decimals=1, formula="year_to_date(month)"),
            ],
            "rules": [],
        }
    )
    around = Neighbours(earlier=({"1:month": "1.5"}, {"1:month": "2"}))
    totals = totals_of(FormPlan(form), [UnitCells(None, None, {"1:month": "0.1"})], around)
    assert totals["1:ytd"].value == "3.6"


def test_sums_longer_than_a_float_or_a_context_holds_are_exact() -> None:
    said = ["999999999999999.999999"] * 3 + ["0.000001"]
    column = a_column(Operator.SUM, decimals=6)
    assert total(column, list(said), 4).value == "2999999999999999.999998"
