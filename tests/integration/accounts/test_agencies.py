"""Agencies opened many at a time, over HTTP on real PostgreSQL."""

import asyncio
from typing import Any

import pytest

from tests.support.builders_accounts import Accounts, an_agency_body


async def test_a_whole_province_is_opened_in_one_action_children_first_or_last(
    accounts: Accounts,
) -> None:
    communes = [an_agency_body(f"07{n}", parent_code="213") for n in range(300, 492)]
    district = an_agency_body("213", level="DISTRICT", parent_code="24")

    answer = await accounts.open(*communes, district)

    assert (answer.status_code, answer.json()) == (201, {"opened": 193, "unchanged": 0})
    said = accounts.said("accounts.agency.opened.v1")
    assert len(said) == 2 + 193
    assert said[-1]["legal_basis"] == "Nghị quyết 813/NQ-UBTVQH14"


async def test_opening_the_same_agencies_again_changes_nothing(accounts: Accounts) -> None:
    answer = await accounts.open(an_agency_body("07201", parent_code="24"))
    assert answer.json() == {"opened": 0, "unchanged": 1}
    assert len(accounts.said("accounts.agency.opened.v1")) == 2


async def test_the_same_list_sent_twice_at_once_is_opened_once(accounts: Accounts) -> None:
    one, other = await asyncio.gather(
        *(accounts.open(an_agency_body("07202", parent_code="24")) for _ in range(2))
    )
    assert {one.json()["opened"], other.json()["opened"]} == {0, 1}


async def test_an_agency_that_stands_with_other_facts_refuses_the_list(accounts: Accounts) -> None:
    answer = await accounts.open(
        an_agency_body("07202"), an_agency_body("07201", parent_code="24", name="Phường khác")
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/agency-differs")
    assert answer.json()["errors"][0]["pointer"] == "/agencies/1"
    assert accounts.rows("SELECT count(*) FROM agencies") == [(2,)]


@pytest.mark.parametrize(
    ("agencies", "places"),
    [
        ([{"parent_code": "99"}], [("/agencies/0/parent_code", "agency-unknown")]),
        ([{}, {}], [("/agencies/1/code", "agency-twice")]),
        ([{"parent_code": "07202"}], [("/agencies/0/parent_code", "agency-circular")]),
        ([{"valid_to": "2019-01-01"}], [("/agencies/0/valid_to", "validity-reversed")]),
        (
            [{"identification_code": "H02.1"}, {"code": "07203", "identification_code": "H02.1"}],
            [("/agencies/1/identification_code", "agency-twice")],
        ),
        (
            [{"parent_code": "99"}, {"code": "07203", "parent_code": "98"}],
            [
                ("/agencies/0/parent_code", "agency-unknown"),
                ("/agencies/1/parent_code", "agency-unknown"),
            ],
        ),
    ],
    ids=["no parent", "twice", "own parent", "validity", "identification twice", "all at once"],
)
async def test_a_list_that_contradicts_itself_names_every_place(
    at_rest: Accounts, agencies: list[dict[str, Any]], places: list[tuple[str, str]]
) -> None:
    answer = await at_rest.open(*(an_agency_body(**{"code": "07202", **one}) for one in agencies))

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/agencies-unsound")
    found = [(one["pointer"], one["type"]) for one in answer.json()["errors"]]
    assert found == [(pointer, f"/problems/{type}") for pointer, type in places]
    assert at_rest.rows("SELECT count(*) FROM agencies") == [(2,)]


async def test_an_identification_code_that_another_agency_holds_is_refused(
    accounts: Accounts,
) -> None:
    await accounts.open(an_agency_body("07202", identification_code="H02.1"))
    answer = await accounts.open(an_agency_body("07203", identification_code="H02.1"))
    assert answer.json()["errors"][0]["pointer"] == "/agencies/0/identification_code"


async def test_agencies_are_listed_by_level_and_parent_page_by_page(accounts: Accounts) -> None:
    await accounts.open(*(an_agency_body(f"0720{n}", parent_code="24") for n in (2, 3)))

    first = (await accounts.call("GET", "/agencies?level=COMMUNE&parent=24&limit=2")).json()
    rest = (await accounts.call("GET", f"/agencies?level=COMMUNE&after={first['next']}")).json()

    assert [one["code"] for one in first["items"]] == ["07201", "07202"]
    assert [one["code"] for one in rest["items"]] == ["07203"]
    assert (await accounts.call("GET", "/agencies/07203")).json()["parent_code"] == "24"
    assert (await accounts.call("GET", "/agencies/99999")).status_code == 404
