"""Derived cells: exact, states kept apart, equal to an independent recomputation."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.forms import Attribute
from submissions.domain.cells import add, read, write
from submissions.domain.formulas import FormPlan, Neighbours
from tests.support.forms import inputs_of, ktxh, tthc

TTHC = tthc(rows=3)
PLAN = FormPlan(TTHC)
MONTHLY = FormPlan(ktxh())
COUNTS = st.integers(min_value=0, max_value=10**20 - 1).map(str)
STATES = st.sampled_from(["-", "x"])
CELLS = st.dictionaries(st.sampled_from(inputs_of(TTHC)), COUNTS | STATES)
PARTS = {"c1": ["c2", "c3", "c4"], "c5": ["c6", "c7", "c8"], "c9": ["c10", "c11"]}


@given(CELLS)
def test_every_sum_equals_one_made_by_hand(cells: dict[str, str]) -> None:
    derived = PLAN.derive(cells)
    for column, parts in PARTS.items():
        for row in ("1", "2", "3"):
            said = [cells[f"{row}:{part}"] for part in parts if f"{row}:{part}" in cells]
            assert derived.get(f"{row}:{column}") == by_hand(said)
    for column in ("c2", "c8", "c11"):
        said = [cells[f"{row}:{column}"] for row in "123" if f"{row}:{column}" in cells]
        assert derived.get(f"TONG:{column}") == by_hand(said)


def by_hand(said: list[str]) -> str | None:
    """Add whole numbers as Python does, states by their rule."""
    figures = [int(text) for text in said if text not in {"-", "x"}]
    if figures:
        return str(sum(figures))
    return "-" if "-" in said else ("x" if said else None)


@given(CELLS)
def test_a_ratio_equals_that_of_exact_fractions_in_rows_and_in_the_total(
    cells: dict[str, str],
) -> None:
    known = {**cells, **PLAN.derive(cells)}
    for row in ("1", "2", "3", "TONG"):
        c5 = fraction(known.get(f"{row}:c5"))
        parts = [known.get(f"{row}:{code}") for code in ("c6", "c7")]
        on_time = [part for part in map(fraction, parts) if part is not None]
        expected = hundredths(sum(on_time) / c5 * 100) if on_time and c5 else None
        assert known.get(f"{row}:c12") == expected


def fraction(text: str | None) -> Fraction | None:
    """Read a cell exactly; nil counts as zero."""
    if text is None or text == "x":
        return None
    return Fraction(0) if text == "-" else Fraction(text)


def hundredths(value: Fraction) -> str:
    """Round half up to two decimals without needless zeros."""
    scaled = value * 100
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    whole += 2 * rest >= scaled.denominator
    return f"{whole // 100}.{whole % 100:02}".rstrip("0").rstrip(".")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["5", "0.10"], "5.1"),
        (["5", "-", None, "x"], "5"),
        (["-", "-"], "-"),
        (["-", None], "-"),
        (["-", "x"], "-"),
        (["x", None], "x"),
        ([None, None], None),
        (["0", "-"], "0"),
        (["9" * 20, "0." + "9" * 10], "9" * 20 + "." + "9" * 10),
        (["5", "-5"], "0"),
        (["0.1", "0.2"], "0.3"),
    ],
)
def test_states_are_kept_through_a_sum(texts: list[str | None], expected: str | None) -> None:
    column = Attribute(code="c", name="c", decimals=10)
    assert write(add(map(read, texts)), column) == expected


@pytest.mark.parametrize(
    ("figures", "ratio"),
    [
        ({"c6": "1", "c7": "0", "c8": "2"}, "33.33"),
        ({"c6": "2", "c7": "0", "c8": "1"}, "66.67"),
        ({"c6": "1", "c7": "0", "c8": "799"}, "0.13"),
        ({"c6": "0", "c7": "0", "c8": "0"}, None),
        ({"c6": "-", "c7": "-", "c8": "-"}, None),
        ({"c6": "-", "c7": "-", "c8": "4"}, "0"),
        ({"c6": "3", "c8": "1"}, "75"),
        ({}, None),
    ],
    ids=["third", "two-thirds", "half-up", "of-zero", "of-nil", "nil-of-some", "part", "missing"],
)
def test_a_ratio_is_recomputed_and_missing_where_it_divides_by_nothing(
    figures: dict[str, str], ratio: str | None
) -> None:
    cells = {f"1:{code}": text for code, text in figures.items()}
    assert PLAN.derive(cells).get("1:c12") == ratio


def test_the_formula_of_a_column_wins_over_the_sum_in_a_total_row() -> None:
    cells = {"1:c6": "1", "1:c8": "1", "2:c6": "3", "2:c8": "0"}
    derived = PLAN.derive(cells)
    assert (derived["1:c12"], derived["2:c12"]) == ("50", "100")
    assert derived["TONG:c12"] == "80"


def test_what_is_typed_into_a_derived_cell_counts_for_nothing() -> None:
    cells = {"1:c2": "5", "1:c1": "999"}
    assert PLAN.derive(cells)["1:c1"] == "5"


def test_year_to_date_adds_the_periods_of_the_year() -> None:
    around = Neighbours(earlier=({"1.1:month": "1.5"}, {"1.1:month": "-"}, {}))
    derived = MONTHLY.derive({"1.1:month": "2.5", "1.1:plan": "8"}, around)
    assert derived["1.1:cumulative"] == "4"
    assert derived["1.1:pct_plan"] == "50"


def test_last_year_is_read_from_the_same_period_of_the_year_before() -> None:
    around = Neighbours(last_year={"1.1:month": "2"})
    derived = MONTHLY.derive({"1.1:month": "3"}, around)
    assert (derived["1.1:last_year"], derived["1.1:pct_year"]) == ("2", "150")


def test_without_other_periods_what_asks_them_is_missing_not_wrong() -> None:
    assert MONTHLY.derive({"1.1:month": "3", "1.1:plan": "6"}) == {}


def test_words_in_a_column_of_text_are_never_figures() -> None:
    cells = {"1.1:note": "Infinity", "1.2:note": "5", "1.1:month": "1"}
    derived = MONTHLY.derive(cells, Neighbours())
    assert derived == {"1.1:cumulative": "1"}


def test_a_column_is_known_from_the_columns_that_are_filled_in() -> None:
    assert PLAN.inputs_of("c12") == {"c6", "c7", "c8"}
    assert MONTHLY.inputs_of("pct_year") == {"month"}
    assert PLAN.asks_other_periods
    assert MONTHLY.asks_other_periods


@given(
    st.decimals(min_value="-1e12", max_value="1e12", allow_nan=False, places=6),
    st.integers(min_value=0, max_value=6),
)
def test_a_value_is_written_as_its_digits_rounded_half_up(value: Decimal, decimals: int) -> None:
    text = write(value, Attribute(code="c", name="c", decimals=decimals))
    with localcontext(prec=60):
        assert Decimal(str(text)) == value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert text == "0" or not str(text).startswith("-0") or "." in str(text)
    assert not ("." in str(text) and str(text).endswith("0"))
