"""The moves of a report, as a table: every act in every state ends well or in its own refusal."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis.clock import ZONE
from chassis.errors import Conflict, PreconditionFailed
from chassis.identifiers import new_id
from submissions.domain.reports import ALLOWED, OPEN, Report, Status
from submissions.domain.versions import changed_cells
from submissions.errors import (
    NotApproved,
    NothingFilledIn,
    ReportAlreadyAccepted,
    ReportAlreadySubmitted,
    ReportClosed,
    ReportNotSubmitted,
)

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=ZONE)
ACTS: dict[str, dict[str, Any]] = {
    "fill_in": {},
    "approve": {"by": "head"},
    "submit": {"now": NOW},
    "send_back": {"reason": "Sai", "cells": ["1:c2"], "due_at": NOW, "now": NOW},
    "accept": {"now": NOW},
}
A, D, P, S, R, C = (
    Status.ASSIGNED,
    Status.DRAFT,
    Status.APPROVED,
    Status.SUBMITTED,
    Status.RETURNED,
    Status.ACCEPTED,
)
TABLE: dict[tuple[Status, str], Status | type[Conflict]] = {
    (A, "fill_in"): D,
    (D, "fill_in"): D,
    (P, "fill_in"): D,
    (S, "fill_in"): ReportClosed,
    (R, "fill_in"): D,
    (C, "fill_in"): ReportClosed,
    (D, "approve"): P,
    (P, "approve"): P,
    (S, "approve"): ReportClosed,
    (R, "approve"): P,
    (C, "approve"): ReportClosed,
    (A, "submit"): NotApproved,
    (D, "submit"): NotApproved,
    (P, "submit"): S,
    (S, "submit"): ReportAlreadySubmitted,
    (R, "submit"): NotApproved,
    (C, "submit"): ReportAlreadySubmitted,
    (A, "send_back"): ReportNotSubmitted,
    (D, "send_back"): ReportNotSubmitted,
    (P, "send_back"): ReportNotSubmitted,
    (S, "send_back"): R,
    (R, "send_back"): ReportNotSubmitted,
    (C, "send_back"): ReportAlreadyAccepted,
    (A, "accept"): ReportNotSubmitted,
    (D, "accept"): ReportNotSubmitted,
    (P, "accept"): ReportNotSubmitted,
    (S, "accept"): C,
    (R, "accept"): ReportNotSubmitted,
    (C, "accept"): ReportAlreadyAccepted,
}


def a_report(status: Status = Status.ASSIGNED, *, version: int = 1, **facts: Any) -> Report:
    """Return a report that is due tomorrow."""
    return Report(
        id=new_id(),
        assignment_id=new_id(),
        regime="TTHC-II06A",
        period="2026-H1",
        unit="07201",
        lead_agency="24.VPUB",
        status=status,
        version=version,
        cut_off_at=NOW,
        due_at=NOW + timedelta(days=1),
        **facts,
    )


@pytest.mark.parametrize(
    ("status", "act", "ends"),
    [(status, act, ends) for (status, act), ends in TABLE.items()],
    ids=[f"{act}-{status}" for status, act in TABLE],
)
def test_every_act_in_every_state_ends_as_the_table_says(
    status: Status, act: str, ends: Status | type[Conflict]
) -> None:
    report = a_report(status)
    before = report.model_dump()
    if isinstance(ends, Status):
        getattr(report, act)(**ACTS[act])
        assert report.status is ends
        assert report.revision > before["revision"]
    else:
        with pytest.raises(ends):
            getattr(report, act)(**ACTS[act])
        assert report.model_dump() == before


def test_only_moves_of_the_table_are_allowed() -> None:
    told = {(status, ends) for (status, _), ends in TABLE.items() if isinstance(ends, Status)}
    told |= {(R, D)}  # an approval of a returned report makes it a draft first
    assert {(start, end) for start, ends in ALLOWED.items() for end in ends} == told - {(R, P)}


def test_what_holds_no_figures_is_not_approved() -> None:
    with pytest.raises(NothingFilledIn):
        a_report(version=0).approve("head")


def test_figures_may_change_exactly_where_fill_in_is_allowed() -> None:
    assert {status for status in Status if Status.DRAFT in ALLOWED[status]} == OPEN


def test_every_filling_in_is_a_version() -> None:
    report = a_report(version=0)
    for number in (1, 2, 3):
        report.fill_in()
        assert report.version == number


@pytest.mark.parametrize(
    ("after", "is_late"), [(timedelta(), False), (timedelta(microseconds=1), True)]
)
def test_a_report_is_on_time_up_to_the_very_moment_of_its_deadline(
    after: timedelta, is_late: bool
) -> None:
    report = a_report(Status.APPROVED)
    report.submit(now=report.due_at + after)
    assert report.is_late is is_late


def test_once_late_stays_late_whatever_the_new_deadline() -> None:
    report = a_report(Status.APPROVED)
    first = report.due_at + timedelta(hours=1)
    report.submit(now=first)
    report.send_back(reason="Sai", cells=[], due_at=first + timedelta(days=9), now=first)
    report.fill_in()
    report.approve("head")
    report.submit(now=first + timedelta(days=1))
    assert report.is_late
    assert report.first_submitted_at == first
    assert report.times_returned == 1


def test_a_reading_that_is_not_the_latest_changes_nothing() -> None:
    report = a_report()
    report.fill_in()
    report.must_be_at(2)
    with pytest.raises(PreconditionFailed):
        report.must_be_at(1)


def test_versions_differ_in_the_cells_that_are_new_changed_or_gone() -> None:
    before = {"1:c2": "1", "1:c3": "2", "1:c4": "-"}
    after = {"1:c2": "1", "1:c3": "3", "1:c5": "x"}
    assert changed_cells(before, after) == ["1:c3", "1:c4", "1:c5"]
