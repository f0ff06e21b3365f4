"""Regimes drafted, put in force and given to a lead agency, over HTTP on real PostgreSQL."""

import asyncio
from typing import Any

import pytest

from contracts.catalog.v1 import RegimePutInForce
from tests.support.builders_catalog import BASIS, Catalog, a_form_body, a_regime_body, a_row


async def test_a_regime_goes_from_draft_to_force_to_its_lead_agency(catalog: Catalog) -> None:
    drafted = await catalog.draft(a_regime_body())
    assert (drafted.status_code, drafted.json()["status"]) == (201, "DRAFT")

    in_force = await catalog.put_in_force("BC-THU")
    designated = await catalog.designate("BC-THU", "STTTT")

    assert (in_force.status_code, in_force.json()["status"]) == (200, "IN_FORCE")
    assert (designated.status_code, designated.json()["lead_agency"]) == (201, "STTTT")
    shown = (await catalog.call("GET", "/regimes/BC-THU")).json()
    assert shown["legal_basis"] == BASIS
    assert shown["form"]["columns"][0]["formula"] == "c2 + c3"


async def test_what_is_in_force_is_said_with_its_whole_form(catalog: Catalog) -> None:
    await catalog.in_force()

    [said] = catalog.said("catalog.regime.put-in-force.v1")

    event = RegimePutInForce.model_validate(said)
    assert (event.regime, event.due_working_days) == ("BC-THU", 2)
    assert [row.code for row in event.form.rows] == ["1", "2", "TONG"]
    assert event.legal_basis.number == BASIS["number"]


async def test_a_draft_is_said_to_nobody(catalog: Catalog) -> None:
    await catalog.draft(a_regime_body())
    assert catalog.rows("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize(
    ("facts", "pointer", "type"),
    [
        ({"legal_basis": None}, "/legal_basis", "invalid-value"),
        ({"legal_basis": {**BASIS, "number": ""}}, "/legal_basis/number", "invalid-value"),
        (
            {"legal_basis": {"number": "1/QĐ", "issued_on": "2022-11-15"}},
            "/legal_basis/issuer",
            "missing-field",
        ),
        (
            {"legal_basis": {**BASIS, "issued_on": "2126-01-01"}},
            "/legal_basis/issued_on",
            "day-not-come",
        ),
        ({"in_force_from": "2022-01-01"}, "/in_force_from", "in-force-before-issue"),
        ({"in_force_from": "2023-02-30"}, "/in_force_from", "invalid-value"),
    ],
    ids=["none", "no number", "no issuer", "issued tomorrow", "in force before", "no such day"],
)
async def test_without_a_legal_basis_nothing_is_put_in_force(
    catalog: Catalog, facts: dict[str, Any], pointer: str, type: str
) -> None:
    await catalog.draft(a_regime_body())

    answer = await catalog.put_in_force("BC-THU", **facts)

    assert answer.status_code == 422
    assert [(one["pointer"], one["type"]) for one in answer.json()["errors"]] == [
        (pointer, f"/problems/{type}")
    ]
    assert catalog.rows("SELECT status FROM regimes") == [("DRAFT",)]
    assert catalog.said("catalog.regime.put-in-force.v1") == []


async def test_putting_in_force_twice_is_refused(catalog: Catalog) -> None:
    await catalog.in_force()
    answer = await catalog.put_in_force("BC-THU")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/regime-already-in-force")
    assert len(catalog.said("catalog.regime.put-in-force.v1")) == 1


@pytest.mark.parametrize("scope", ["STATISTICAL", "STATE_SECRET", "INTERNAL"])
async def test_what_is_out_of_scope_is_refused_with_the_reason(
    at_rest: Catalog, scope: str
) -> None:
    answer = await at_rest.draft(a_regime_body(scope=scope))

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/regime-out-of-scope")
    [place] = answer.json()["errors"]
    why = scope.lower().replace("_", "-")
    assert (place["pointer"], place["type"]) == ("/scope", f"/problems/scope-{why}")


async def test_every_unsound_place_of_a_form_is_named_at_once(at_rest: Catalog) -> None:
    rows = [a_row("1").model_dump(), a_row("1", unit=" ").model_dump()]
    columns = [
        {"code": "c1", "name": "Tổng", "formula": "c1 + c9"},
        {"code": "c2", "name": "Số", "formula": "c2 +"},
    ]
    body = a_regime_body(form=a_form_body(rows=rows, columns=columns, rules=[]))

    answer = await at_rest.draft(body)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/form-unsound")
    assert [(one["pointer"], one["type"]) for one in answer.json()["errors"]] == [
        ("/form/rows/0/code", "/problems/code-twice"),
        ("/form/rows/1/code", "/problems/code-twice"),
        ("/form/rows/1/unit", "/problems/field-empty"),
        ("/form/columns/0/formula", "/problems/code-unknown"),
        ("/form/columns/1/formula", "/problems/formula-unreadable"),
        ("/form/columns/0/formula", "/problems/formula-circular"),
    ]
    assert all("…" not in one["detail"] for one in answer.json()["errors"])
    assert at_rest.rows("SELECT count(*) FROM regimes") == [(0,)]


async def test_an_indicator_never_has_two_units_across_forms(catalog: Catalog) -> None:
    await catalog.in_force()
    rows = [a_row("1", unit="người").model_dump(), a_row("7", unit="người").model_dump()]
    body = a_regime_body("BC-KHAC", form=a_form_body(code="BC-KHAC", rows=rows))

    answer = await catalog.draft(body)

    [place] = answer.json()["errors"]
    assert (place["pointer"], place["type"]) == ("/form/rows/0/unit", "/problems/unit-differs")
    assert "hồ sơ" in place["detail"]


async def test_two_drafts_with_two_units_are_not_both_put_in_force(catalog: Catalog) -> None:
    rows = [a_row("1", unit="người").model_dump()]
    await catalog.draft(a_regime_body())
    await catalog.draft(a_regime_body("BC-KHAC", form=a_form_body(code="BC-KHAC", rows=rows)))

    answers = await asyncio.gather(catalog.put_in_force("BC-THU"), catalog.put_in_force("BC-KHAC"))

    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_two_regimes_may_share_a_form_but_not_change_it(catalog: Catalog) -> None:
    await catalog.in_force()
    same = await catalog.draft(a_regime_body("BC-NAM", frequency="YEARLY"))
    other = await catalog.draft(a_regime_body("BC-KHAC", form=a_form_body(rules=[])))

    assert same.status_code == 201
    assert other.json()["errors"][0]["type"] == "/problems/form-differs"


async def test_the_same_draft_again_changes_nothing_and_another_is_refused(
    catalog: Catalog,
) -> None:
    assert (await catalog.draft(a_regime_body())).status_code == 201
    assert (await catalog.draft(a_regime_body())).status_code == 201

    answer = await catalog.draft(a_regime_body(due_working_days=3))

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/regime-exists")
    assert catalog.rows("SELECT due_working_days, revision FROM regimes") == [(2, 1)]


async def test_the_same_draft_sent_by_many_at_once_stands_once(catalog: Catalog) -> None:
    answers = await asyncio.gather(*(catalog.draft(a_regime_body()) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert catalog.rows("SELECT count(*) FROM regimes") == [(1,)]


async def test_a_draft_is_changed_by_whoever_read_it_last(catalog: Catalog) -> None:
    etag = (await catalog.draft(a_regime_body())).headers["ETag"]
    body = a_regime_body(name="Báo cáo sửa")

    changed = await catalog.call("PUT", "/regimes/BC-THU", body, headers={"If-Match": etag})
    stale = await catalog.call("PUT", "/regimes/BC-THU", body, headers={"If-Match": etag})
    blind = await catalog.call("PUT", "/regimes/BC-THU", body)

    assert (changed.status_code, changed.json()["name"]) == (200, "Báo cáo sửa")
    assert changed.headers["ETag"] == '"2"'
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-etag")
    assert (blind.status_code, blind.json()["type"]) == (428, "/problems/etag-required")


async def test_what_is_in_force_is_not_redrafted(catalog: Catalog) -> None:
    await catalog.in_force()
    answer = await catalog.call(
        "PUT", "/regimes/BC-THU", a_regime_body(name="Khác"), headers={"If-Match": '"2"'}
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/regime-already-in-force")


async def test_a_form_too_large_for_one_message_is_refused(at_rest: Catalog) -> None:
    rows = [a_row(str(n), concept="x" * 2000).model_dump() for n in range(600)]
    answer = await at_rest.draft(a_regime_body(form=a_form_body(rows=rows)))
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/regime-too-large")


async def test_a_lead_agency_is_changed_with_its_history(catalog: Catalog) -> None:
    await catalog.in_force()
    await catalog.learn_agency("STP")
    for agency in ("STTTT", "STTTT", "STP", "STTTT"):
        assert (await catalog.designate("BC-THU", agency)).status_code == 201

    shown = (await catalog.call("GET", "/regimes/BC-THU")).json()

    assert [one["agency"] for one in shown["designations"]] == ["STTTT", "STP", "STTTT"]
    assert shown["designations"][0]["designated_at"].endswith("+07:00")
    said = catalog.said("catalog.lead-agency.designated.v1")
    assert [one["agency"] for one in said] == ["STTTT", "STP", "STTTT"]
    [line] = (await catalog.call("GET", "/regimes")).json()["items"]
    assert line["lead_agency"] == "STTTT"


async def test_a_draft_and_a_stranger_are_not_designated(catalog: Catalog) -> None:
    await catalog.draft(a_regime_body())
    early = await catalog.designate("BC-THU", "STTTT")
    await catalog.put_in_force("BC-THU")
    stranger = await catalog.designate("BC-THU", "KHONG.CO")
    unknown = await catalog.designate("KHONG-CO", "STTTT")

    assert (early.status_code, early.json()["type"]) == (409, "/problems/regime-not-in-force")
    assert (stranger.status_code, stranger.json()["errors"][0]["pointer"]) == (422, "/agency")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/regime-not-found")
    assert catalog.said("catalog.lead-agency.designated.v1") == []


async def test_the_catalog_is_listed_page_by_page(catalog: Catalog) -> None:
    for code in ("BC-A", "BC-B", "BC-C"):
        await catalog.draft(a_regime_body(code))

    first = (await catalog.call("GET", "/regimes?limit=2")).json()
    rest = (await catalog.call("GET", f"/regimes?limit=2&after={first['next']}")).json()

    assert [one["code"] for one in first["items"]] == ["BC-A", "BC-B"]
    assert [one["code"] for one in rest["items"]] == ["BC-C"]
