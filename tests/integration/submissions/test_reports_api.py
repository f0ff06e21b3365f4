"""Step 3 (Điều 7.3, 9.2): a unit fills in, its head approves, the report is sent."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contracts.accounts.v1 import Role
from tests.support.reporting import (
    COMMUNES,
    LEAD,
    OTHER_LEAD,
    SOUND,
    Reporting,
    a_head,
    a_person,
    a_reviewer,
    an_officer,
    places,
    slug,
)

UNIT, NEIGHBOUR, _ = COMMUNES


async def test_figures_come_back_with_derived_cells_and_findings(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    answer = await hub.fill_in(report, {"1:c2": "120", "1:c3": "80", "1:c6": "-", "1:c4": "x"})
    view = answer.json()
    assert view["cells"] == {"1:c2": "120", "1:c3": "80", "1:c6": "-", "1:c4": "x"}
    assert (view["derived"]["1:c1"], view["derived"]["TONG:c1"]) == ("200", "200")
    assert view["derived"]["1:c5"] == "-"
    assert [one["rule"] for one in view["findings"]] == ["can-doi"]
    assert (view["status"], view["version"]) == ("draft", 1)
    assert answer.headers["ETag"] == f'"{view["revision"]}"'


async def test_an_empty_text_clears_a_cell_and_zero_does_not(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, {"1:c2": "120", "1:c3": "0"})
    view = (await hub.fill_in(report, {"1:c2": ""})).json()
    assert view["cells"] == {"1:c3": "0"}


async def test_figures_are_kept_digit_for_digit(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    figure = "999999999999998"
    view = (await hub.fill_in(report, {"1:c2": figure, "1:c3": "1"})).json()
    assert view["derived"]["1:c1"] == "999999999999999"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("12,5", "not-a-decimal"),
        ("1.000.000", "not-a-decimal"),
        ("1e3", "not-a-decimal"),
        ("NaN", "not-a-decimal"),
        ("Infinity", "not-a-decimal"),
        ("0x10", "not-a-decimal"),
        ("１２", "not-a-decimal"),
        (" 5", "not-a-decimal"),
        ("+5", "not-a-decimal"),
        ("--", "not-a-decimal"),
        ("1.5", "too-many-decimals"),
        ("-1", "below-minimum"),
        ("9" * 40, "number-too-large"),
        ("5\u0007", "invalid-text"),
        ("\ufffd", "invalid-text"),
    ],
)
async def test_what_is_no_figure_of_the_column_is_refused(
    hub: Reporting, value: str, problem: str
) -> None:
    report = (await hub.assign())[UNIT]
    before = hub.everything()
    answer = await hub.fill_in(report, {"1:c2": value, "1:c3": "1"})
    assert (answer.status_code, slug(answer)) == (422, "figures-refused")
    assert places(answer) == {"/cells/1:c2": problem}
    assert hub.everything() == before


async def test_everything_that_is_wrong_is_named_at_once_and_nothing_is_changed(
    hub: Reporting,
) -> None:
    report = (await hub.assign(columns=["c2", "c3"], rows=["1", "2"]))[UNIT]
    before = hub.everything()
    answer = await hub.fill_in(
        report,
        {"1:c2": "5", "3:c2": "5", "1:c4": "5", "1:c12": "5", "9:c2": "5", "a/b~c": "5", "": "1"},
        notes={"khong-co:1": "…"},
        narrative={"Đề cương": "…"},
    )
    assert places(answer) == {
        "/cells/3:c2": "cell-not-assigned",
        "/cells/1:c4": "cell-not-assigned",
        "/cells/1:c12": "cell-not-assigned",
        "/cells/9:c2": "cell-not-assigned",
        "/cells/a~1b~0c": "cell-not-assigned",
        "/cells/": "cell-not-assigned",
        "/notes/khong-co:1": "cell-unknown",
        "/narrative/Đề cương": "cell-unknown",
    }
    assert hub.everything() == before


@pytest.mark.parametrize("cell", ["1:c1", "1:c12", "TONG:c2"])
async def test_a_derived_cell_cannot_be_typed(hub: Reporting, cell: str) -> None:
    report = (await hub.assign())[UNIT]
    answer = await hub.fill_in(report, {cell: "5"})
    assert places(answer) == {f"/cells/{cell}": "cell-is-derived"}


async def test_a_change_needs_the_etag_that_was_read(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    body = {"cells": {"1:c2": "1"}}
    path = f"/reports/{report}"
    for etag, status, problem in (
        (None, 428, "etag-required"),
        ('"99"', 412, "stale-etag"),
        ('"x"', 412, "stale-etag"),
        ('"99999999999999999999"', 412, "stale-etag"),
    ):
        answer = await hub.call("PATCH", path, body, by=an_officer(), etag=etag)
        assert (answer.status_code, slug(answer)) == (status, problem)


async def test_two_officers_on_the_same_reading_never_overwrite_each_other(
    hub: Reporting,
) -> None:
    report = (await hub.assign())[UNIT]
    answers = await asyncio.gather(
        *(
            hub.call(
                "PATCH",
                f"/reports/{report}",
                {"cells": {f"1:c{2 + number}": "1"}},
                by=a_person(Role.OFFICER, agency=UNIT, subject=f"can-bo-{number}"),
                etag='"1"',
            )
            for number in range(2)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert hub.rows("SELECT count(*) FROM report_versions") == [(1,)]


async def test_what_changes_nothing_makes_no_version_and_keeps_the_approval(
    hub: Reporting,
) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, SOUND)
    await hub.call("POST", f"/reports/{report}/approve", by=a_head())
    view = (await hub.fill_in(report, SOUND)).json()
    assert (view["status"], view["version"]) == ("approved", 1)


@pytest.mark.parametrize(
    "change", [{"cells": {"1:c2": "6"}}, {"cells": {}, "notes": {"qua-han:1": "Đã kiểm tra"}}]
)
async def test_an_approval_dies_with_the_next_change(
    hub: Reporting, change: dict[str, Any]
) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, SOUND)
    await hub.call("POST", f"/reports/{report}/approve", by=a_head())
    view = (await hub.fill_in(report, **change)).json()
    assert (view["status"], view["version"], view["approvals"]) == ("draft", 2, [])
    answer = await hub.call("POST", f"/reports/{report}/submit", by=a_head())
    assert slug(answer) == "not-approved"


async def test_nfd_is_taken_and_kept_as_nfc(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, {}, notes={"qua-han:1": "ho\u0300a gia\u0309i"})
    assert hub.rows("SELECT notes ->> 'qua-han:1' FROM reports WHERE unit = %s", UNIT) == [
        ("h\u00f2a gi\u1ea3i",)
    ]


async def test_only_the_head_of_the_unit_approves_and_only_once(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    path = f"/reports/{report}/approve"
    assert slug(await hub.call("POST", path, by=a_head())) == "nothing-filled-in"
    await hub.fill_in(report, SOUND)
    assert (await hub.call("POST", path, by=an_officer())).status_code == 403
    assert (await hub.call("POST", path, by=a_head(NEIGHBOUR))).status_code == 404
    stale = await hub.call("POST", path, {"version": 7}, by=a_head())
    assert (stale.status_code, slug(stale)) == (412, "stale-etag")
    assert (await hub.call("POST", path, {"version": 1}, by=a_head())).status_code == 200
    again = await hub.call("POST", path, by=a_head())
    assert (again.status_code, slug(again)) == (409, "already-approved")
    deputy = a_head(subject="pho-chu-tich")
    assert (await hub.call("POST", path, by=deputy)).status_code == 200


async def test_an_approved_report_is_sent_and_says_so(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    [said] = hub.said("submissions.report.submitted.v1")
    assert (said["unit"], said["version"], said["is_late"]) == (UNIT, 1, False)
    assert said["lead_agency"] == LEAD


@pytest.mark.parametrize(
    ("act", "problem"), [("submit", "not-approved"), ("approve", "nothing-filled-in")]
)
async def test_a_report_that_is_only_assigned_is_neither_approved_nor_sent(
    hub: Reporting, act: str, problem: str
) -> None:
    report = (await hub.assign())[UNIT]
    answer = await hub.call("POST", f"/reports/{report}/{act}", by=a_head())
    assert (answer.status_code, slug(answer)) == (409, problem)


async def test_what_was_sent_is_closed(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    before = hub.everything()
    assert slug(await hub.fill_in(report, {"1:c2": "9"})) == "report-closed"
    for act, problem in (("submit", "report-already-submitted"), ("approve", "report-closed")):
        answer = await hub.call("POST", f"/reports/{report}/{act}", by=a_head(subject="khac"))
        assert (answer.status_code, slug(answer)) == (409, problem)
    assert hub.everything() == before


async def test_a_broken_blocking_rule_stops_the_sending_with_every_place(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, {"1:c2": "5", "2:c2": "7"})
    await hub.call("POST", f"/reports/{report}/approve", by=a_head())
    before = hub.everything()
    answer = await hub.call("POST", f"/reports/{report}/submit", by=an_officer())
    assert (answer.status_code, slug(answer)) == (422, "rule-violated")
    assert places(answer) == {"/rows/1": "rule-violated", "/rows/2": "rule-violated"}
    assert hub.everything() == before


async def test_a_warning_is_sent_only_with_a_justification(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    cells = {"1:c2": "1", "1:c8": "1"}
    await hub.fill_in(report, cells)
    await hub.call("POST", f"/reports/{report}/approve", by=a_head())
    answer = await hub.call("POST", f"/reports/{report}/submit", by=a_head())
    assert places(answer) == {"/rows/1": "unjustified-warning"}
    await hub.fill_in(report, {}, notes={"qua-han:1": "Thiếu hồ sơ gốc"})
    await hub.call("POST", f"/reports/{report}/approve", by=a_head())
    answer = await hub.call("POST", f"/reports/{report}/submit", by=a_head())
    assert answer.json()["status"] == "submitted"


async def test_the_period_before_is_compared_with(hub: Reporting) -> None:
    first = (await hub.assign())[UNIT]
    await hub.fill_in(first, SOUND)
    second = (await hub.assign(period="2026-H2"))[UNIT]
    view = (await hub.fill_in(second, {"1:c4": "3", "1:c6": "3"})).json()
    assert view["previous"]["1:c9"] == "1"
    assert [(one["rule"], one["left"], one["right"]) for one in view["findings"]] == [
        ("ky-truoc", "3", "1")
    ]


async def test_sending_after_the_deadline_is_late_and_stays_so(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    hub.clock.pass_by(timedelta(days=20))
    await hub.send(report)
    assert hub.said("submissions.report.submitted.v1")[0]["is_late"]
    due_at = "2026-07-30T17:00:00+07:00"
    assert (await hub.send_back(report, due_at=due_at)).status_code == 200
    await hub.send(report, {"1:c2": "6", "1:c6": "5"})
    assert hub.said("submissions.report.submitted.v1")[1]["is_late"]


@pytest.mark.parametrize(
    "who",
    [
        an_officer(NEIGHBOUR),
        a_head(NEIGHBOUR),
        a_reviewer(OTHER_LEAD),
        a_person(Role.CONNECTION_OPERATOR, agency=UNIT),
    ],
    ids=["neighbour", "its-head", "other-lead", "no-role-here"],
)
async def test_nobody_reads_or_changes_outside_their_agency(
    hub: Reporting, who: dict[str, str]
) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, SOUND)
    for method, path in (
        ("GET", f"/reports/{report}"),
        ("GET", f"/reports/{report}/versions"),
        ("GET", f"/reports/{report}/versions/1"),
        ("GET", f"/reports/{report}/diff?from=0&to=1"),
    ):
        answer = await hub.call(method, path, by=who)
        assert (answer.status_code, slug(answer)) == (404, "report-not-found")
    listed = (await hub.call("GET", "/reports?limit=500", by=who)).json()["items"]
    assert report not in [one["report"] for one in listed]
    answer = await hub.call(
        "PATCH", f"/reports/{report}", {"cells": {"1:c2": "1"}}, by=who, etag='"2"'
    )
    assert answer.status_code in {403, 404}


async def test_whoever_leads_reads_but_does_not_fill_in(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    view = await hub.read(report, by=a_reviewer())
    both = a_person(Role.LEAD_AGENCY_REVIEWER, Role.OFFICER, agency=LEAD)
    answer = await hub.call(
        "PATCH",
        f"/reports/{report}",
        {"cells": {"1:c2": "1"}},
        by=both,
        etag=f'"{view["revision"]}"',
    )
    assert answer.status_code == 403
