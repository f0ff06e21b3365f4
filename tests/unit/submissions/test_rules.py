"""Rules of a form: which rows break them, what stops the sending, what a note justifies."""

import pytest

from contracts.forms import Form, Rule, Severity
from submissions.domain.formulas import FormPlan, Neighbours
from submissions.domain.rules import Finding, find
from tests.support.forms import tthc

FORM = tthc(rows=3)
PLAN = FormPlan(FORM)
SOUND = {"1:c2": "5", "1:c4": "1", "1:c6": "4", "1:c10": "2"}


def findings(
    cells: dict[str, str],
    *,
    plan: FormPlan = PLAN,
    around: Neighbours | None = None,
    notes: dict[str, str] | None = None,
    columns: list[str] | None = None,
) -> list[Finding]:
    """Derive and check, as a sending does."""
    neighbours = around or Neighbours()
    derived = plan.derive(cells, neighbours)
    return find(plan, cells, derived, neighbours=neighbours, notes=notes or {}, columns=columns)


def with_rule(expression: str) -> FormPlan:
    """Return a plan whose only rule is ``expression``."""
    rule = Rule(code="r", severity=Severity.BLOCKING, expression=expression, message="Sai")
    return FormPlan(Form.model_validate({**FORM.model_dump(), "rules": [rule.model_dump()]}))


def test_figures_that_balance_break_no_rule() -> None:
    assert findings(SOUND) == []


def test_a_broken_blocking_rule_names_the_row_and_both_sides() -> None:
    [found] = findings({**SOUND, "1:c10": "3"})
    assert (found.rule, found.row, found.pointer) == ("can-doi", "1", "/rows/1")
    assert (found.left, found.right) == ("6", "7")
    assert found.stops_sending


def test_every_broken_row_is_named_at_once() -> None:
    found = findings({"1:c2": "1", "2:c2": "2", "3:c2": "3"})
    assert [(one.rule, one.row) for one in found] == [
        ("can-doi", "1"),
        ("can-doi", "2"),
        ("can-doi", "3"),
    ]


@pytest.mark.parametrize(
    ("note", "stops"), [(None, True), ("", True), ("  ", True), ("Thiếu hồ sơ gốc", False)]
)
def test_a_warning_stops_the_sending_until_it_is_justified(note: str | None, stops: bool) -> None:
    cells = {"1:c2": "1", "1:c8": "1"}
    notes = {} if note is None else {"qua-han:1": note}
    [found] = findings(cells, notes=notes)
    assert found.severity is Severity.WARNING
    assert found.stops_sending is stops


def test_a_note_never_justifies_a_blocking_rule() -> None:
    [found] = findings({"1:c2": "1"}, notes={"can-doi:1": "Xin gửi"})
    assert found.stops_sending


def test_a_rule_that_asks_the_period_before_says_nothing_where_there_is_none() -> None:
    assert findings(SOUND, around=Neighbours(previous={})) == []


def test_a_rule_that_asks_the_period_before_compares_with_it() -> None:
    [found] = findings(SOUND, around=Neighbours(previous={"1:c9": "7"}))
    assert (found.rule, found.left, found.right) == ("ky-truoc", "1", "7")


def test_a_rule_over_columns_that_were_not_assigned_says_nothing() -> None:
    assert findings({"1:c2": "5"}, columns=["c2", "c3", "c4"]) == []
    assert findings({"1:c2": "5"}) != []


@pytest.mark.parametrize(
    ("cells", "broken"),
    [
        ({"1:c2": "1", "1:c3": "2"}, False),
        ({"1:c2": "2", "1:c3": "2"}, False),
        ({"1:c2": "3", "1:c3": "2"}, True),
        ({"1:c2": "-", "1:c3": "0"}, False),
        ({"1:c2": "1", "1:c3": "-"}, True),
        ({"1:c2": "1"}, True),
        ({"1:c4": "9"}, False),
        ({"1:c2": "x", "1:c3": "0"}, False),
        ({"1:c2": "100000000000000000001", "1:c3": "100000000000000000000"}, True),
    ],
    ids=["less", "equal", "more", "nil", "more-than-nil", "alone", "missing", "x", "twenty-one"],
)
def test_sides_are_compared_exactly_and_nil_is_zero(cells: dict[str, str], broken: bool) -> None:
    assert bool(findings(cells, plan=with_rule("c2 <= c3"))) is broken


@pytest.mark.parametrize(
    ("sign", "less", "equal", "more"),
    [
        ("=", False, True, False),
        ("!=", True, False, True),
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
    ],
)
def test_every_sign_compares_as_it_reads(sign: str, less: bool, equal: bool, more: bool) -> None:
    plan = with_rule(f"c2 {sign} 2")
    holds = [not findings({"1:c2": figure}, plan=plan) for figure in ("1", "2", "3")]
    assert holds == [less, equal, more]


def test_a_rule_without_a_comparison_is_no_rule() -> None:
    with pytest.raises(ValueError, match="compares nothing"):
        with_rule("c2 + c3")
