"""Deliveries applied to reports in memory: counts, grants, order, and what a closed report says."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.submissions.v1 import Counts
from submissions.domain.deliveries.heads import Head, merged
from submissions.domain.deliveries.intake import Grant
from submissions.domain.deliveries.shapes import UnreadableBody
from submissions.domain.reports import Status
from tests.support.builders_figures import NOW, UNITS, a_matrix, a_push
from tests.support.builders_intake import a_batch, a_head, an_arrival, slugs

CELLS = st.sampled_from([f"{row}:{column}" for row in "123" for column in ("c2", "c3")])
SAID = st.sampled_from(["1", "2", "-", "x", ""])


def test_new_figures_make_a_draft_and_a_version() -> None:
    head = a_head()
    batch = a_batch(head)
    outcome = batch.take(an_arrival(a_push(a_matrix())))
    assert outcome.counts == Counts(created=2)
    assert (head.status, head.version, head.revision) == (Status.DRAFT, 1, 2)
    assert [version.text for version in batch.versions] == ['{"1:c2":"120","1:c3":"80"}']


def test_the_same_figures_again_make_no_version() -> None:
    head = a_head(status=Status.APPROVED, version=3, cells={"1:c2": "120", "1:c3": "80"})
    batch = a_batch(head)
    outcome = batch.take(an_arrival(a_push(a_matrix())))
    assert outcome.counts == Counts(unchanged=2)
    assert (head.status, head.version, batch.versions) == (Status.APPROVED, 3, [])


def test_changed_figures_take_an_approved_report_back_to_draft() -> None:
    head = a_head(status=Status.APPROVED, version=3, cells={"1:c2": "1"})
    assert a_batch(head).take(an_arrival(a_push(a_matrix()))).counts == Counts(created=1, updated=1)
    assert (head.status, head.version) == (Status.DRAFT, 4)


def test_two_deliveries_of_a_batch_apply_in_order() -> None:
    batch = a_batch(a_head())
    batch.take(an_arrival(a_push(a_matrix())))
    second = batch.take(an_arrival(a_push(a_matrix(values=[["5", "80"]]))))
    assert second.counts == Counts(updated=1, unchanged=1)
    assert [version.number for version in batch.versions] == [1, 2]
    assert batch.versions[0].text == '{"1:c2":"120","1:c3":"80"}'
    assert batch.versions[1].text == '{"1:c2":"5","1:c3":"80"}'


def test_null_says_nothing_and_is_no_figure() -> None:
    head = a_head(version=1, cells={"1:c3": "80"})
    outcome = a_batch(head).take(an_arrival(a_push(a_matrix(values=[["7", None]]))))
    assert outcome.counts == Counts(created=1)
    assert head.cells == {"1:c2": "7", "1:c3": "80"}


@given(st.dictionaries(CELLS, SAID.filter(bool)), st.dictionaries(CELLS, SAID))
def test_counts_agree_with_a_look_at_every_cell(
    before: dict[str, str], said: dict[str, str]
) -> None:
    expected = dict(before)
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for cell, value in said.items():
        was = expected.get(cell, "")
        if was == value:
            counts["unchanged"] += 1
        elif was:
            counts["updated"] += 1
        else:
            counts["created"] += 1
        expected[cell] = value
    after, found = merged(before, said)
    assert after == {cell: value for cell, value in expected.items() if value}
    assert found == Counts(**counts)


def test_an_agency_may_be_named_by_its_identification_code() -> None:
    head = a_head()
    outcome = a_batch(head).take(an_arrival(a_push(a_matrix(f"H02.{UNITS[0]}"))))
    assert outcome.counts == Counts(created=2)


def test_one_agency_by_both_codes_is_one_report() -> None:
    head = a_head()
    body = a_push(a_matrix(), a_matrix(f"H02.{UNITS[0]}"))
    assert set(slugs(a_batch(head).take(an_arrival(body)))) == {"cell-said-twice"}


@pytest.mark.parametrize(
    ("agency", "grant"),
    [("99999", Grant()), (UNITS[0], Grant(agencies=frozenset({UNITS[1]})))],
    ids=["unknown", "not granted"],
)
def test_figures_of_another_agency_are_refused(agency: str, grant: Grant) -> None:
    batch = a_batch(a_head(), a_head(UNITS[1]))
    body = a_push(a_matrix(agency), a_matrix(UNITS[1]))
    outcome = batch.take(an_arrival(body, grant=grant))
    assert slugs(outcome) == ["agency-not-allowed"] * 2
    assert outcome.counts == Counts(created=2, rejected=2)
    assert outcome.refused is None


REFUSED = {
    "unknown regime": (a_push(a_matrix(), regime="KHAC"), Grant(), "regime-not-in-force"),
    "regime not granted": (a_push(a_matrix()), Grant(regimes=frozenset()), "regime-not-allowed"),
    "unknown period": (a_push(a_matrix(), period="2031-H1"), Grant(), "period-closed"),
    "no period at all": (a_push(a_matrix(), period="năm nay"), Grant(), "period-closed"),
}


@pytest.mark.parametrize(("body", "grant", "slug"), REFUSED.values(), ids=REFUSED.keys())
def test_a_delivery_that_names_nothing_open_is_refused_whole(
    body: bytes, grant: Grant, slug: str
) -> None:
    outcome = a_batch(a_head()).take(an_arrival(body, grant=grant))
    assert outcome.refused == slug
    assert outcome.counts == Counts(rejected=2)


def test_a_regime_is_refused_before_the_day_it_is_in_force() -> None:
    arrival = an_arrival(a_push(a_matrix()), received_at=NOW - timedelta(days=200))
    assert a_batch(a_head()).take(arrival).refused == "regime-not-in-force"


CLOSED = {
    "submitted": a_head(status=Status.SUBMITTED),
    "accepted": a_head(status=Status.ACCEPTED),
    "cut off": a_head(cut_off_at=NOW - timedelta(seconds=1)),
}


@pytest.mark.parametrize("head", CLOSED.values(), ids=CLOSED.keys())
def test_a_closed_report_takes_no_figures(head: Head) -> None:
    batch = a_batch(head, a_head(UNITS[1]))
    outcome = batch.take(an_arrival(a_push(a_matrix(), a_matrix(UNITS[1]))))
    assert slugs(outcome) == ["period-closed"] * 2
    assert head.cells == {}


def test_the_moment_of_receipt_counts_not_the_moment_of_taking_in() -> None:
    head = a_head(cut_off_at=NOW)
    assert a_batch(head).take(an_arrival(a_push(a_matrix()))).counts == Counts(created=2)


def test_a_report_sent_back_takes_figures_after_its_cut_off() -> None:
    head = a_head(
        status=Status.RETURNED, is_returned=True, cut_off_at=NOW - timedelta(days=9), version=1
    )
    assert a_batch(head).take(an_arrival(a_push(a_matrix()))).counts == Counts(created=2)
    assert head.status is Status.DRAFT


def test_good_figures_are_taken_beside_bad_ones() -> None:
    outcome = a_batch(a_head()).take(an_arrival(a_push(a_matrix(values=[["7", "12,5"]]))))
    assert outcome.counts == Counts(created=1, rejected=1)
    assert slugs(outcome) == ["not-a-decimal"]
    assert outcome.refused is None


def test_a_report_with_a_bad_figure_is_refused_whole_where_asked() -> None:
    head, other = a_head(), a_head(UNITS[1])
    body = a_push(a_matrix(values=[["7", "12,5"]]), a_matrix(UNITS[1]), on_error="refuse")
    outcome = a_batch(head, other).take(an_arrival(body))
    assert slugs(outcome) == ["report-refused", "not-a-decimal"]
    assert outcome.counts == Counts(created=2, rejected=2)
    assert (head.cells, other.version) == ({}, 1)


def test_a_delivery_without_one_good_figure_is_refused_with_the_reason_of_all() -> None:
    outcome = a_batch(a_head()).take(an_arrival(a_push(a_matrix(values=[["1,5", "một"]]))))
    assert outcome.refused == "not-a-decimal"
    assert outcome.counts == Counts(rejected=2)


def test_figures_refused_for_different_reasons_share_a_general_one() -> None:
    outcome = a_batch(a_head()).take(an_arrival(a_push(a_matrix(values=[["1,5", "-1"]]))))
    assert outcome.refused == "figures-refused"


def test_a_delivery_without_figures_changes_nothing() -> None:
    batch = a_batch(a_head())
    outcome = batch.take(an_arrival(a_push(a_matrix(values=[[None, None]]))))
    assert (outcome.refused, outcome.counts, batch.versions) == (None, Counts(), [])


def test_a_body_that_could_not_be_read_is_refused_with_its_place() -> None:
    arrival = an_arrival(a_push(), content=UnreadableBody("invalid-body", "/reports/0"))
    outcome = a_batch().take(arrival)
    assert (outcome.refused, outcome.pointer) == ("invalid-body", "/reports/0")
