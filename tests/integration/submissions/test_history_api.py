"""The history of a report and the lists of work: gapless versions, sources, pages."""

from datetime import timedelta

import pytest

from contracts.accounts.v1 import Role
from tests.support.reporting import (
    COMMUNES,
    REGIME,
    SOUND,
    Reporting,
    a_head,
    a_person,
    a_reviewer,
    an_officer,
    slug,
)

UNIT = COMMUNES[0]


async def test_every_change_is_a_version_that_says_whom_it_came_from(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    for figure in ("1", "2", "3"):
        await hub.fill_in(report, {"1:c2": figure})
    found = (await hub.call("GET", f"/reports/{report}/versions", by=a_reviewer())).json()
    assert [one["number"] for one in found["items"]] == [1, 2, 3]
    assert found["items"][0]["source"] == {
        "kind": "person",
        "id": f"{UNIT}-officer",
        "name": f"Người của {UNIT}",
        "at": "2026-06-01T08:00:00+07:00",
        "traceparent": found["items"][0]["source"]["traceparent"],
    }


async def test_a_version_holds_every_cell_and_what_was_told(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, SOUND)
    await hub.fill_in(report, {"1:c2": "6"}, notes={"qua-han:1": "Rà soát"})
    await hub.fill_in(report, {"1:c2": "7"})
    path = f"/reports/{report}/versions"
    second = (await hub.call("GET", f"{path}/2", by=an_officer())).json()
    assert second["values"] == {**SOUND, "1:c2": "6"}
    assert second["notes"] == {"qua-han:1": "Rà soát"}
    assert (await hub.call("GET", f"{path}/3", by=an_officer())).json()["notes"] is None


async def test_two_versions_are_compared_cell_by_cell(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, {"1:c2": "5", "1:c3": "1"})
    await hub.fill_in(report, {"1:c2": "6", "1:c3": "", "1:c4": "-"})
    found = await hub.call("GET", f"/reports/{report}/diff?from=1&to=2", by=an_officer())
    assert found.json()["changes"] == [
        {"cell": "1:c2", "before": "5", "after": "6"},
        {"cell": "1:c3", "before": "1", "after": None},
        {"cell": "1:c4", "before": None, "after": "-"},
    ]


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("/versions/9", 404, "version-not-found"),
        ("/versions/0", 422, "invalid-body"),
        ("/versions/99999999999", 422, "invalid-body"),
        ("/versions/x", 422, "invalid-body"),
        ("/diff?from=1&to=9", 404, "version-not-found"),
        ("/diff?from=-1&to=1", 422, "invalid-body"),
        ("/diff?from=1", 422, "invalid-body"),
    ],
)
async def test_a_version_that_is_none_is_a_problem(
    hub: Reporting, path: str, status: int, problem: str
) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, SOUND)
    answer = await hub.call("GET", f"/reports/{report}{path}", by=an_officer())
    assert (answer.status_code, slug(answer)) == (status, problem)


async def test_history_is_never_written_again(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    await hub.fill_in(report, SOUND)
    for statement in ("UPDATE report_versions SET cells = '{}'", "DELETE FROM report_versions"):
        with pytest.raises(Exception, match="append-only"):
            hub.rows(statement)


async def test_my_work_is_what_waits_for_me(hub: Reporting) -> None:
    reports = await hub.assign()
    mine = (await hub.call("GET", "/my-work", by=an_officer())).json()["items"]
    assert [one["unit"] for one in mine] == [UNIT]
    assert (mine[0]["working_days_left"], mine[0]["is_overdue"]) == (11, False)
    assert mine[0]["unit_name"] == f"Xã {UNIT}"
    await hub.send(reports[UNIT])
    assert (await hub.call("GET", "/my-work", by=an_officer())).json()["items"] == []
    waiting = (await hub.call("GET", "/my-work", by=a_reviewer())).json()["items"]
    assert [one["unit"] for one in waiting] == [UNIT]


async def test_overdue_work_says_since_how_many_working_days(hub: Reporting) -> None:
    await hub.assign()
    hub.clock.pass_by(timedelta(days=20))
    [mine] = (await hub.call("GET", "/my-work", by=an_officer())).json()["items"]
    assert (mine["working_days_left"], mine["is_overdue"]) == (-3, True)


async def test_lists_come_in_pages_without_gaps(hub: Reporting) -> None:
    await hub.assign()
    await hub.assign(period="2026-H2")
    by = a_person(Role.AUDITOR, agency="TTT")
    seen, after = [], ""
    while True:
        path = f"/reports?regime={REGIME}&limit=4{after}"
        page = (await hub.call("GET", path, by=by)).json()
        seen += [(one["unit"], one["period"]) for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == 6
    assert seen == sorted(set(seen))


async def test_lists_are_filtered(hub: Reporting) -> None:
    reports = await hub.assign()
    await hub.fill_in(reports[UNIT], SOUND)
    for query, expected in (
        ("status=draft", [UNIT]),
        (f"unit={COMMUNES[1]}", [COMMUNES[1]]),
        ("period=2020-H1", []),
    ):
        found = (await hub.call("GET", f"/reports?{query}", by=a_reviewer())).json()["items"]
        assert [one["unit"] for one in found] == expected


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("after=!!!", "invalid-cursor"),
        ("after=WzFd", "invalid-cursor"),
        ("limit=0", "invalid-body"),
        ("limit=501", "invalid-body"),
        ("status=khac", "invalid-body"),
        ("regime=%00", "invalid-body"),
    ],
)
async def test_a_list_that_cannot_be_is_a_problem(hub: Reporting, query: str, problem: str) -> None:
    answer = await hub.call("GET", f"/reports?{query}", by=a_head())
    assert (answer.status_code, slug(answer)) == (422, problem)


async def test_a_report_that_is_none_is_not_found(hub: Reporting) -> None:
    answer = await hub.call("GET", "/reports/01900000-0000-7000-8000-000000000000", by=an_officer())
    assert (answer.status_code, slug(answer)) == (404, "report-not-found")
    assert (await hub.call("GET", "/reports/khong", by=an_officer())).status_code == 422
