"""Step 2 (Điều 7.2): one action assigns rows × columns × units × period, with its two moments."""

import asyncio
from typing import Any

import pytest

from contracts.accounts.v1 import Role
from contracts.periods import CutOffRule, Frequency
from tests.support.forms import ktxh, tthc
from tests.support.reporting import (
    COMMUNES,
    LEAD,
    OTHER_LEAD,
    PERIOD,
    REGIME,
    Reporting,
    a_person,
    a_reviewer,
    an_officer,
    places,
    slug,
)

ORDER = {"regime": REGIME, "period": PERIOD, "units": list(COMMUNES)}


async def test_one_action_gives_every_unit_its_report_and_says_so(hub: Reporting) -> None:
    answer = await hub.call("POST", "/assignments", ORDER, by=a_reviewer())
    assert answer.status_code == 201
    assert answer.json()["reports"] == 3
    said = hub.said("submissions.report.assigned.v1")
    assert sorted(one["unit"] for one in said) == sorted(COMMUNES)
    assert {one["lead_agency"] for one in said} == {LEAD}


async def test_a_level_names_all_its_units(hub: Reporting) -> None:
    body = {"regime": REGIME, "period": PERIOD, "level": "COMMUNE"}
    answer = await hub.call("POST", "/assignments", body, by=a_reviewer())
    assert answer.json()["reports"] == len(COMMUNES)


async def test_cut_off_and_deadline_follow_the_rule_and_the_working_days(hub: Reporting) -> None:
    answer = await hub.call("POST", "/assignments", ORDER, by=a_reviewer())
    # 14/06/2026 is a Sunday; two working days after it is Tuesday the 16th.
    assert answer.json()["cut_off_at"] == "2026-06-14T23:59:59+07:00"
    assert answer.json()["due_at"] == "2026-06-16T17:00:00+07:00"


async def test_the_operator_may_assign_too(hub: Reporting) -> None:
    by = a_person(Role.OPERATOR, agency="24.STTTT")
    answer = await hub.call("POST", "/assignments", ORDER, by=by)
    assert answer.status_code == 201
    assert hub.rows("SELECT DISTINCT lead_agency FROM reports") == [(LEAD,)]


async def test_the_same_assignment_again_changes_nothing(hub: Reporting) -> None:
    await hub.assign()
    before = hub.everything()
    answer = await hub.call("POST", "/assignments", ORDER, by=a_reviewer())
    assert (answer.status_code, slug(answer)) == (409, "already-assigned")
    assert hub.everything() == before


async def test_two_who_assign_at_once_give_each_unit_one_report(hub: Reporting) -> None:
    answers = await asyncio.gather(
        *(hub.call("POST", "/assignments", ORDER, by=a_reviewer()) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert hub.rows("SELECT count(*) FROM reports") == [(3,)]


@pytest.mark.parametrize(
    ("change", "status", "problem", "place"),
    [
        ({"regime": "KHONG-CO"}, 422, "regime-not-in-force", None),
        ({"period": "2026-Q2"}, 422, "period-unknown", None),
        ({"period": "2026-H3"}, 422, "period-unknown", None),
        ({"period": "0000-H1"}, 422, "period-unknown", None),
        ({"units": ["07201", "99999", "88888"]}, 422, "unit-unknown", "/units/2"),
        ({"units": []}, 422, "invalid-body", "/units"),
        ({"units": None}, 422, "unit-unknown", None),
        ({"rows": ["1", "9"]}, 422, "cell-unknown", "/rows/1"),
        ({"columns": ["c99"]}, 422, "cell-unknown", "/columns/0"),
        ({"rows": []}, 422, "invalid-body", "/rows"),
        ({"due_at": "2026-06-14T17:00:00+07:00"}, 422, "due-too-early", None),
        ({"due_at": "2026-06-15T01:00:00+09:00"}, 422, "due-too-early", None),
        ({"due_at": "2026-06-16T17:00:00"}, 422, "invalid-body", "/due_at"),
        ({"due_at": "9999-12-31T23:59:59-12:00"}, 422, "invalid-body", "/due_at"),
        ({"cut_off_on": "2031-06-14"}, 503, "calendar-missing", None),
        ({"hàng": []}, 422, "invalid-body", "/hàng"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_with_its_place(
    hub: Reporting, change: dict[str, Any], status: int, problem: str, place: str | None
) -> None:
    before = hub.everything()
    answer = await hub.call("POST", "/assignments", {**ORDER, **change}, by=a_reviewer())
    assert (answer.status_code, slug(answer)) == (status, problem), answer.text
    assert place is None or place in places(answer)
    assert hub.everything() == before


@pytest.mark.parametrize(
    ("roles", "agency", "problem"),
    [
        ((Role.LEAD_AGENCY_REVIEWER,), OTHER_LEAD, "not-lead-agency"),
        ((Role.OFFICER, Role.AGENCY_HEAD), LEAD, "forbidden"),
        ((Role.ADMINISTRATOR, Role.AUDITOR, Role.CONNECTION_OPERATOR), LEAD, "forbidden"),
    ],
    ids=["other-lead", "unit", "watchers"],
)
async def test_only_the_designated_lead_agency_assigns(
    hub: Reporting, roles: tuple[Role, ...], agency: str, problem: str
) -> None:
    answer = await hub.call("POST", "/assignments", ORDER, by=a_person(*roles, agency=agency))
    assert (answer.status_code, slug(answer)) == (403, problem)


async def test_a_regime_without_a_rule_needs_a_cut_off(hub: Reporting) -> None:
    await hub.know_regime(
        ktxh(), frequency=Frequency.MONTHLY, cut_off_rule=CutOffRule.CUSTOM, name="KTXH"
    )
    order = {"regime": "KTXH-THANG", "period": "2026-06", "units": list(COMMUNES)}
    answer = await hub.call("POST", "/assignments", order, by=a_reviewer())
    assert slug(answer) == "cut-off-needed"
    order["cut_off_on"] = "2026-06-25"
    answer = await hub.call("POST", "/assignments", order, by=a_reviewer())
    assert answer.json()["due_at"] == "2026-06-29T17:00:00+07:00"


async def test_an_ad_hoc_period_is_called_as_whoever_asks_calls_it(hub: Reporting) -> None:
    form = tthc(rows=1).model_copy(update={"code": "BAO-LU"})
    await hub.know_regime(form, frequency=Frequency.AD_HOC, cut_off_rule=CutOffRule.CUSTOM)
    order = {
        "regime": "BAO-LU",
        "period": "BAO-SO-3",
        "units": ["07201"],
        "cut_off_on": "2026-06-05",
    }
    answer = await hub.call("POST", "/assignments", order, by=a_reviewer())
    assert answer.status_code == 201
    [(report,)] = hub.rows("SELECT id FROM reports")
    view = await hub.read(str(report), by=an_officer("07201"))
    assert (view["period"], view["previous"]) == ("BAO-SO-3", {})


async def test_a_closed_unit_is_assigned_nothing(hub: Reporting) -> None:
    with_end = "UPDATE known_agencies SET valid_to = '2025-06-30' WHERE code = '07201'"
    async with hub.database.transaction() as session:
        await (await session.connection()).exec_driver_sql(with_end)
    answer = await hub.call("POST", "/assignments", ORDER, by=a_reviewer())
    assert places(answer) == {"/units/0": "unit-unknown"}
