"""Accounts issued and locked on a written request (Điều 4), over HTTP on real PostgreSQL."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis.clock import ZONE
from contracts.accounts.v1 import Role
from contracts.catalog.v1 import CalendarChanged
from tests.support.builders_accounts import (
    API,
    PASSWORD,
    Accounts,
    a_request_body,
    an_account_body,
    bearer,
)

FRIDAY = datetime(2026, 8, 21, 9, tzinfo=ZONE)


async def test_many_accounts_are_issued_in_one_action_and_said(accounts: Accounts) -> None:
    wanted = [an_account_body(f"can-bo-{n}", Role.OFFICER) for n in range(20)]

    answer = await accounts.call(
        "POST", "/accounts", {"written_request": a_request_body(), "accounts": wanted}
    )

    assert answer.status_code == 201
    assert [one["username"] for one in answer.json()["items"]] == [w["username"] for w in wanted]
    said = accounts.said("accounts.account.issued.v1")[1:]
    assert {one["username"] for one in said} == {one["username"] for one in wanted}
    assert PASSWORD not in str(said)


async def test_a_password_that_was_made_up_is_shown_once_and_must_be_changed(
    accounts: Accounts,
) -> None:
    wanted = an_account_body("can-bo", password=None, is_initial_password=True)
    answer = await accounts.call(
        "POST", "/accounts", {"written_request": a_request_body(), "accounts": [wanted]}
    )
    [issued] = answer.json()["items"]

    tokens = await accounts.sign_in("can-bo", issued["password"])

    assert issued["must_change_password"] is True
    assert tokens["must_change_password"] is True


async def test_a_request_of_friday_is_due_on_the_saturday_that_is_worked_by_swap(
    accounts: Accounts,
) -> None:
    accounts.clock.moment = FRIDAY + timedelta(days=1, hours=9)
    request = a_request_body(date="2026-08-20", received_at=FRIDAY.isoformat())
    body = {"written_request": request, "accounts": [an_account_body()]}
    issued = (await accounts.call("POST", "/accounts", body)).json()
    assert issued["written_request"]["due_at"] is None

    await accounts.learn(
        CalendarChanged(year=2026, days_off=[], sources=["test"], changed_at=FRIDAY)
    )

    [request] = (await accounts.call("GET", "/written-requests")).json()["items"]
    assert request["due_at"] == "2026-08-22T17:00:00+07:00"
    assert request["is_overdue"] is True


async def test_one_document_may_be_carried_out_in_parts(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    await accounts.issue("truong")
    assert len((await accounts.call("GET", "/written-requests")).json()["items"]) == 1


async def test_the_same_number_with_another_reason_is_refused(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    body = {
        "written_request": a_request_body(reason="transfer"),
        "accounts": [an_account_body("truong")],
    }

    answer = await accounts.call("POST", "/accounts", body)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/written-request-differs")


@pytest.mark.parametrize(
    ("facts", "pointer", "type"),
    [
        ({"action": "lock"}, "/written_request/action", "request-for-other-action"),
        (
            {"received_at": "2126-01-01T08:00:00+07:00"},
            "/written_request/received_at",
            "moment-not-come",
        ),
        ({"date": "2126-01-01"}, "/written_request/date", "signed-after-receipt"),
        ({"agency": "99999"}, "/written_request/agency", "agency-unknown"),
        ({"number": ""}, "/written_request/number", "invalid-value"),
        ({"number": "12\ufffd"}, "/written_request/number", "invalid-text"),
        ({"received_at": "2026-01-01T08:00:00"}, "/written_request/received_at", "invalid-value"),
    ],
    ids=["other action", "future", "signed later", "no agency", "empty", "U+FFFD", "no offset"],
)
async def test_without_a_sound_request_no_account_is_issued(
    at_rest: Accounts, facts: dict[str, Any], pointer: str, type: str
) -> None:
    body = {"written_request": a_request_body(**facts), "accounts": [an_account_body()]}

    answer = await at_rest.call("POST", "/accounts", body)

    assert answer.status_code == 422
    [place] = answer.json()["errors"]
    assert (place["pointer"], place["type"]) == (pointer, f"/problems/{type}")
    assert at_rest.rows("SELECT count(*) FROM accounts") == [(1,)]
    assert at_rest.rows("SELECT count(*) FROM written_requests") == [(0,)]


@pytest.mark.parametrize(
    ("second", "status", "pointer", "type"),
    [
        (an_account_body("can-bo"), 409, "/accounts/1/username", "username-taken"),
        (an_account_body("quan-tri"), 409, "/accounts/1/username", "username-taken"),
        (an_account_body("k", agency="99999"), 422, "/accounts/1/username", "invalid-value"),
        (an_account_body("khac", agency="99999"), 422, "/accounts/1/agency", "agency-unknown"),
        (an_account_body("khac", password="a" * 20), 422, "/accounts/1/password", "password-weak"),
        (an_account_body("khac", password="ngắn"), 422, "/accounts/1/password", "password-weak"),
        (an_account_body("khac", roles=["king"]), 422, "/accounts/1/roles/0", "invalid-value"),
        (an_account_body("khac", roles=[]), 422, "/accounts/1/roles", "invalid-value"),
        (an_account_body("khac", sex="?"), 422, "/accounts/1/sex", "unknown-field"),
    ],
    ids=[
        "twice in the list", "taken", "no name", "no agency", "one letter", "short", "no role",
        "no roles", "unknown field",
    ],
)  # fmt: skip
async def test_one_unsound_account_refuses_the_whole_list(
    at_rest: Accounts, second: dict[str, Any], status: int, pointer: str, type: str
) -> None:
    body = {"written_request": a_request_body(), "accounts": [an_account_body("can-bo"), second]}

    answer = await at_rest.call("POST", "/accounts", body)

    assert answer.status_code == status
    assert answer.json()["type"].startswith("/problems/")
    places = {(one["pointer"], one["type"]) for one in answer.json()["errors"]}
    assert (pointer, f"/problems/{type}") in places
    assert at_rest.rows("SELECT count(*) FROM accounts") == [(1,)]


async def test_one_name_asked_for_by_many_at_once_is_issued_once(accounts: Accounts) -> None:
    requests = [a_request_body(number=f"{n}/CV-UBND") for n in range(6)]

    answers = await asyncio.gather(
        *(
            accounts.call(
                "POST", "/accounts", {"written_request": one, "accounts": [an_account_body()]}
            )
            for one in requests
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert accounts.rows("SELECT count(*) FROM written_requests") == [(1,)]


async def test_locking_ends_every_session_at_once_and_says_so(accounts: Accounts) -> None:
    account = await accounts.issue("can-bo")
    sessions = [await accounts.sign_in("can-bo") for _ in range(2)]
    request = a_request_body(action="lock", reason="resignation", number="13/CV-UBND")

    answer = await accounts.call("POST", f"/accounts/{account}/lock", {"written_request": request})

    assert answer.status_code == 204
    for tokens in sessions:
        assert (await accounts.client.get(f"{API}/me", headers=bearer(tokens))).status_code == 401
        assert (await accounts.refresh(tokens["refresh_token"])).status_code == 401
    assert (await accounts.try_to_sign_in("can-bo")).status_code == 401
    [locked] = accounts.said("accounts.account.locked.v1")
    assert (locked["account_id"], locked["reason"]) == (account, "resignation")
    assert len(accounts.said("accounts.session.revoked.v1")) == 2


async def test_a_lock_in_an_emergency_is_followed_by_its_request(accounts: Accounts) -> None:
    account = await accounts.issue("can-bo")
    lock = f"/accounts/{account}/lock"
    request = {"written_request": a_request_body(action="lock", reason="other")}
    assert (await accounts.call("POST", lock, {"emergency_reason": "Mất máy"})).status_code == 204

    assert (await accounts.call("POST", lock, request)).status_code == 204

    [(reason, followed)] = accounts.rows(
        "SELECT lock_reason, lock_request_id IS NOT NULL FROM accounts WHERE id = %s", account
    )
    assert (reason, followed) == ("Mất máy", True)
    assert len(accounts.said("accounts.account.locked.v1")) == 1
    again = await accounts.call("POST", lock, request)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/account-already-locked")


@pytest.mark.parametrize(
    "body",
    [{}, {"emergency_reason": "Mất máy", "written_request": a_request_body(action="lock")}],
    ids=["neither", "both"],
)
async def test_a_lock_needs_a_request_or_an_emergency(
    accounts: Accounts, body: dict[str, Any]
) -> None:
    account = await accounts.issue("can-bo")
    answer = await accounts.call("POST", f"/accounts/{account}/lock", body)
    assert (answer.status_code, answer.json()["type"]) == (
        422,
        "/problems/written-request-required",
    )


async def test_locking_an_account_that_is_not_there_is_not_found(at_rest: Accounts) -> None:
    path = "/accounts/01920000-0000-7000-8000-000000000000/lock"
    answer = await at_rest.call("POST", path, {"emergency_reason": "Mất máy"})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/account-not-found")


async def test_accounts_are_listed_page_by_page(accounts: Accounts) -> None:
    for n in range(3):
        await accounts.issue(f"can-bo-{n}")

    first = (await accounts.call("GET", "/accounts?limit=2&agency=07201")).json()
    rest = (await accounts.call("GET", f"/accounts?limit=2&after={first['next']}")).json()

    assert [one["username"] for one in first["items"]] == ["can-bo-0", "can-bo-1"]
    assert [one["username"] for one in rest["items"]] == ["can-bo-2", "quan-tri"]
    assert rest["next"] is None
