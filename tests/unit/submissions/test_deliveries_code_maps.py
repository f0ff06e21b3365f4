"""Deliveries in the codes of another system: mapped, our own still taken, the rest named."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.submissions.v1 import Counts
from submissions.domain.deliveries.checks import check
from submissions.domain.deliveries.code_maps import CodeMap, Names
from submissions.domain.deliveries.intake import Arrival, Outcome
from tests.support.builders_figures import REGIME, UNITS, a_matrix, a_push
from tests.support.builders_intake import GRID, a_batch, a_head, an_arrival, slugs, some_rows

NAMES = Names({"LV01": "1", "LV02": "2"}, {"moi": "c2", "cu": "c3"})


def mapped(body: bytes, **kinds: Any) -> Arrival:
    """Return a delivery that came with a map of some kinds."""
    nothing: dict[str, Any] = {"regimes": {}, "agencies": {}, "rows": {}, "columns": {}}
    return replace(an_arrival(body), codes=CodeMap(**{**nothing, **kinds}))


def named(outcome: Outcome) -> list[object]:
    """Return the code that each rejection names."""
    return [bad.params.get("code") for _, bad in outcome.bad]


def test_rows_and_columns_are_read_in_their_codes() -> None:
    theirs = some_rows(["5", "6"], ["7", "-"], columns=("moi", "cu"))
    checked = check(GRID, [replace(theirs, rows=("LV01", "LV02"))], NAMES)
    assert checked.good == {"1:c2": "5", "1:c3": "6", "2:c2": "7", "2:c3": "-"}
    assert not checked.bad


def test_our_own_codes_go_on_working_beside_theirs() -> None:
    theirs = some_rows(["5", "6"], ["7", "8"], columns=("c2", "cu"))
    checked = check(GRID, [replace(theirs, rows=("1", "LV02"))], NAMES)
    assert checked.good == {"1:c2": "5", "1:c3": "6", "2:c2": "7", "2:c3": "8"}


def test_their_code_wins_where_it_looks_like_one_of_ours() -> None:
    checked = check(GRID, [some_rows(["5"], columns=("c2",))], Names({"1": "3"}, {}))
    assert checked.good == {"3:c2": "5"}


def test_a_code_that_is_neither_theirs_nor_ours_is_named_with_its_place() -> None:
    theirs = replace(
        some_rows(["5", "6"], ["7", "8"], columns=("moi", "la")), rows=("LV09", "LV01")
    )
    checked = check(GRID, [theirs], NAMES)
    assert checked.good == {"1:c2": "7"}
    assert [(bad.slug, bad.params["code"], bad.figure.pointer) for bad in checked.bad] == [
        ("code-not-mapped", "LV09", "/reports/0/values/0/0"),
        ("code-not-mapped", "LV09, la", "/reports/0/values/0/1"),
        ("code-not-mapped", "la", "/reports/0/values/1/1"),
    ]


def test_without_a_map_of_its_kind_an_unknown_code_is_what_it_always_was() -> None:
    theirs = replace(some_rows(["5"], columns=("la",)), rows=("LV01",))
    (bad,) = check(GRID, [theirs], Names({"LV01": "1"}, {})).bad
    assert bad.slug == "cell-not-assigned"


def test_a_bad_figure_is_rejected_under_the_codes_in_which_it_came() -> None:
    theirs = replace(some_rows(["12,5"], columns=("moi",)), rows=("LV01",))
    (bad,) = check(GRID, [theirs], NAMES).bad
    assert (bad.slug, bad.figure.row, bad.figure.column) == ("not-a-decimal", "LV01", "moi")


def test_two_codes_for_one_cell_are_a_cell_said_twice() -> None:
    theirs = replace(some_rows(["5"], ["6"], columns=("c2",)), rows=("LV01", "1"))
    assert [bad.slug for bad in check(GRID, [theirs], NAMES).bad] == ["cell-said-twice"] * 2


def test_agencies_are_read_in_their_codes() -> None:
    outcome = a_batch(a_head()).take(
        mapped(a_push(a_matrix("XA-01")), agencies={"XA-01": UNITS[0]})
    )
    assert outcome.counts == Counts(created=2)
    assert [taken.agency for taken in outcome.reports] == ["XA-01"]


def test_an_agency_in_either_code_is_one_report() -> None:
    body = a_push(a_matrix("XA-01", [["1", None]]), a_matrix(UNITS[0], [[None, "2"]]))
    outcome = a_batch(a_head()).take(mapped(body, agencies={"XA-01": UNITS[0]}))
    assert outcome.counts == Counts(created=2)
    assert len(outcome.reports) == 1


def test_an_agency_that_nobody_mapped_is_named() -> None:
    body = a_push(a_matrix("XA-09"), a_matrix(UNITS[0]))
    outcome = a_batch(a_head()).take(mapped(body, agencies={"XA-01": UNITS[0]}))
    assert outcome.counts == Counts(created=2, rejected=2)
    assert (slugs(outcome), named(outcome)) == (["code-not-mapped"] * 2, ["XA-09"] * 2)


@pytest.mark.parametrize(
    "agencies", [{}, {"XA-09": "99999"}], ids=["no map", "mapped to what is none of ours"]
)
def test_an_agency_that_a_map_cannot_help_is_not_allowed(agencies: dict[str, str]) -> None:
    outcome = a_batch(a_head()).take(mapped(a_push(a_matrix("XA-09")), agencies=agencies))
    assert slugs(outcome) == ["agency-not-allowed"] * 2


def test_a_regime_that_nobody_mapped_refuses_the_delivery_and_is_named() -> None:
    body = a_push(a_matrix(), regime="BC-09")
    outcome = a_batch(a_head()).take(mapped(body, regimes={"BC-06A": REGIME}))
    assert (outcome.refused, outcome.pointer) == ("code-not-mapped", "/regime")
    assert (outcome.params["code"], outcome.counts) == ("BC-09", Counts(rejected=2))


def test_a_regime_mapped_to_what_is_not_in_force_is_not_in_force() -> None:
    body = a_push(a_matrix(), regime="CU")  # as it stands after the map made it ours
    outcome = a_batch(a_head()).take(mapped(body, regimes={"BC-06A": "CU"}))
    assert outcome.refused == "regime-not-in-force"


def test_rows_are_read_with_the_map_of_their_regime_only() -> None:
    body = a_push(a_matrix(rows=["LV01"]))
    outcome = a_batch(a_head()).take(mapped(body, rows={"KHAC": {"LV01": "1"}}))
    assert slugs(outcome) == ["cell-not-assigned"] * 2
