"""The language of formulas: what it reads, what it refuses and where."""

import contextlib
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.formulas import Code, FormulaUnreadable, Node, Number, Operation, parse


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("c2", Code("c2")),
        ("c2 + c3 * 2", Operation("+", Code("c2"), Operation("*", Code("c3"), Number(Decimal(2))))),
        ("c2 - c3 - c4", Operation("-", Operation("-", Code("c2"), Code("c3")), Code("c4"))),
        ("(c2 - c3)", Operation("-", Code("c2"), Code("c3"))),
        ("-c2", Operation("-", Number(Decimal(0)), Code("c2"))),
        ("previous(c9)", Code("c9", "previous")),
        ("year_to_date ( month )", Code("month", "year_to_date")),
        ("previous", Code("previous")),
        ("1.5", Number(Decimal("1.5"))),
        ("c1 <= c2", Operation("<=", Code("c1"), Code("c2"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_formula_is_read_as_arithmetic_is(text: str, root: Node) -> None:
    assert parse(text).root == root


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0),
        ("c2 +", 4),
        ("c2 c3", 3),
        ("(c2", 3),
        ("c2)", 2),
        ("sum(c2)", 0),
        ("previous(c2 + c3)", 12),
        ("previous(previous(c2))", 9),
        ("c2 $ c3", 2),
        ("1.2.3", 0),
        ("a = b = c", 6),
        ("c2 ** c3", 4),
        ("__import__('os')", 11),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_formula_is_refused_with_its_place(text: str, at: int) -> None:
    with pytest.raises(FormulaUnreadable) as refusal:
        parse(text)
    assert refusal.value.at == at


@given(st.text(alphabet="c12+-*/()=<>! .previous", max_size=30))
def test_no_text_ends_the_reader_in_any_other_way(text: str) -> None:
    with contextlib.suppress(FormulaUnreadable):
        assert parse(text).codes() <= set(re.findall(r"[\w.]+", text))


def test_a_formula_that_is_too_deep_is_refused_and_ends_nothing() -> None:
    with pytest.raises(FormulaUnreadable):
        parse("(" * 5000 + "c1" + ")" * 5000)
