"""Step 4 (Điều 7.4): the lead agency sends back with a reason or accepts; the progress board."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contracts.accounts.v1 import Role
from tests.support.reporting import (
    COMMUNES,
    OTHER_LEAD,
    PERIOD,
    REGIME,
    Reporting,
    a_head,
    a_person,
    a_reviewer,
    an_officer,
    places,
    slug,
)

UNIT = COMMUNES[0]
ALL = {"regime": REGIME, "period": PERIOD}


async def test_a_returned_report_is_corrected_and_sent_again(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    answer = await hub.send_back(report)
    assert answer.json()["status"] == "returned"
    returned = (await hub.read(report))["returned"]
    assert (returned["cells"], returned["version"]) == (["1:c2"], 1)
    assert returned["reason"].startswith("Số liệu hàng 1")
    [said] = hub.said("submissions.report.returned.v1")
    assert (said["unit"], said["cells"]) == (UNIT, ["1:c2"])
    await hub.send(report, {"1:c2": "6", "1:c6": "5"})
    view = await hub.read(report)
    assert (view["status"], view["version"], view["returned"]) == ("submitted", 2, None)


async def test_a_reason_and_cells_of_the_form_are_mandatory(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    before = hub.everything()
    for order, place in (
        ({"reason": ""}, "/reason"),
        ({"reason": " \n "}, "/reason"),
        ({"cells": ["1:c2", "1:c99"]}, "/cells/1"),
        ({"cells": ["khong"]}, "/cells/0"),
        ({"due_at": "2026-06-12T17:00:00"}, "/due_at"),
        ({"reason": "\ufffd"}, "/reason"),
    ):
        answer = await hub.send_back(report, **order)
        assert (answer.status_code, list(places(answer))) == (422, [place]), answer.text
    answer = await hub.send_back(report, due_at="2026-05-30T17:00:00+07:00")
    assert slug(answer) == "due-too-early"
    assert hub.everything() == before


@pytest.mark.parametrize("status", ["assigned", "draft", "approved", "returned", "accepted"])
async def test_only_what_waits_for_review_is_reviewed(hub: Reporting, status: str) -> None:
    report = (await hub.assign())[UNIT]
    if status in {"returned", "accepted"}:
        await hub.send(report)
        await (hub.send_back(report) if status == "returned" else hub.accept(report))
    elif status != "assigned":
        await hub.fill_in(report, {"1:c2": "5"})
        if status == "approved":
            await hub.call("POST", f"/reports/{report}/approve", by=a_head())
    before = hub.everything()
    problem = "report-already-accepted" if status == "accepted" else "report-not-submitted"
    for answer in (await hub.send_back(report), await hub.accept(report)):
        assert (answer.status_code, slug(answer)) == (409, problem)
    assert hub.everything() == before


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (a_reviewer(OTHER_LEAD), 404),
        (a_reviewer(UNIT), 404),
        (a_head(), 403),
        (a_person(Role.OPERATOR, agency="24.STTTT"), 403),
        (a_person(Role.AUDITOR, Role.LEAD_AGENCY_REVIEWER, agency="TTT"), 403),
    ],
    ids=["other-lead", "unit-reviewer", "head", "operator", "auditor"],
)
async def test_only_the_lead_agency_reviews(
    hub: Reporting, who: dict[str, str], status: int
) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    order = {"reason": "Sai", "cells": ["1:c2"], "due_at": "2026-06-20T17:00:00+07:00"}
    for path, body in (("send-back", order), ("accept", None)):
        answer = await hub.call("POST", f"/reports/{report}/{path}", body, by=who)
        assert answer.status_code == status, answer.text


async def test_sending_back_against_accepting_ends_in_one_of_both(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    answers = await asyncio.gather(hub.send_back(report), hub.accept(report))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_an_accepted_report_says_so_and_is_closed(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    assert (await hub.accept(report)).json()["status"] == "accepted"
    [said] = hub.said("submissions.report.accepted.v1")
    assert (said["unit"], said["version"]) == (UNIT, 1)
    assert slug(await hub.fill_in(report, {"1:c2": "9"})) == "report-closed"


async def test_many_are_accepted_in_one_action(hub: Reporting) -> None:
    reports = await hub.assign()
    for unit in COMMUNES[:2]:
        await hub.send(reports[unit], unit=unit)
    body: dict[str, Any] = {**ALL, "reports": list(reports.values())}
    answer = await hub.call("POST", "/reports/accept-all", body, by=a_reviewer())
    assert answer.json() == {"accepted": 2, "refused": [reports[COMMUNES[2]]]}
    assert len(hub.said("submissions.report.accepted.v1")) == 2


async def test_another_lead_agency_accepts_none_of_them(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.send(report)
    answer = await hub.call("POST", "/reports/accept-all", ALL, by=a_reviewer(OTHER_LEAD))
    assert answer.json() == {"accepted": 0, "refused": []}
    assert (await hub.read(report))["status"] == "submitted"


async def test_the_board_tells_who_is_where_and_who_was_on_time(hub: Reporting) -> None:
    reports = await hub.assign()
    await hub.send(reports[COMMUNES[0]], unit=COMMUNES[0])
    hub.clock.pass_by(timedelta(days=20))
    await hub.send(reports[COMMUNES[1]], unit=COMMUNES[1])
    path = f"/progress?regime={REGIME}&period={PERIOD}"
    board = (await hub.call("GET", path, by=a_reviewer())).json()
    assert board["counts"] == {
        **dict.fromkeys(("draft", "approved", "returned", "accepted"), 0),
        "assigned": 1,
        "submitted": 2,
        "total": 3,
        "on_time": 1,
        "late": 1,
        "never": 1,
    }
    assert board["on_time_rate"] == "33.3"
    assert [(one["unit"], one["is_late"]) for one in board["units"]] == [
        (COMMUNES[0], False),
        (COMMUNES[1], True),
        (COMMUNES[2], False),
    ]
    assert board["units"][0]["parent_name"] == "Huyện Yên Thế"


async def test_the_board_is_not_for_units_nor_for_other_lead_agencies(hub: Reporting) -> None:
    await hub.assign()
    path = f"/progress?regime={REGIME}&period={PERIOD}"
    assert (await hub.call("GET", path, by=an_officer())).status_code == 403
    board = (await hub.call("GET", path, by=a_reviewer(OTHER_LEAD))).json()
    assert board["units"] == []
    operator = a_person(Role.OPERATOR, agency="24.STTTT")
    assert len((await hub.call("GET", path, by=operator)).json()["units"]) == 3
