"""What every door of accounts refuses: bad bodies, bad tokens, roles that may not."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from accounts.commands.keys import signer_of
from chassis.clock import now
from chassis.identifiers import new_id
from contracts.accounts.v1 import Role
from tests.support.builders_accounts import API, Accounts, an_account, bearer
from tests.support.services import a_token

OPERATE = [Role.ADMINISTRATOR, Role.OPERATOR]
READ = [*OPERATE, Role.AUDITOR]
EVERYBODY = list(Role)
NOWHERE = "/accounts/01920000-0000-7000-8000-000000000000/lock"
MATRIX = {
    ("POST", "/agencies"): OPERATE,
    ("GET", "/agencies"): EVERYBODY,
    ("GET", "/agencies/07201"): EVERYBODY,
    ("POST", "/accounts"): OPERATE,
    ("GET", "/accounts"): READ,
    ("GET", "/written-requests"): READ,
    ("POST", NOWHERE): OPERATE,
    ("GET", "/me"): EVERYBODY,
    ("PUT", "/me/password"): EVERYBODY,
}


@pytest.mark.parametrize("role", EVERYBODY)
async def test_a_role_may_what_the_matrix_says_and_no_more(accounts: Accounts, role: Role) -> None:
    await accounts.issue("ai-do", role)
    headers = bearer(await accounts.sign_in("ai-do"))

    for (method, path), roles in MATRIX.items():
        answer = await accounts.call(method, path, {} if method != "GET" else None, by=headers)
        assert (answer.status_code == 403) == (role not in roles), (method, path, answer.text)


async def test_the_matrix_names_every_door_that_needs_a_token(at_rest: Accounts) -> None:
    document = (await at_rest.client.get(f"{API}/openapi.json")).json()
    guarded = {
        (method.upper(), path.removeprefix(API))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation.get("security")
    }
    named = {
        (method, path.replace("07201", "{code}").replace(NOWHERE, "/accounts/{account_id}/lock"))
        for method, path in MATRIX
    }
    assert guarded - {("DELETE", "/sessions/current")} == named


@pytest.mark.parametrize(
    "token",
    ["", "abc", "a.b.c", a_token(Role.ADMINISTRATOR)],
    ids=["empty", "no token", "no JSON", "of a foreign issuer"],
)
async def test_a_token_that_accounts_did_not_sign_opens_nothing(
    at_rest: Accounts, token: str
) -> None:
    answer = await at_rest.call("GET", "/me", by={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


async def test_a_token_of_six_minutes_ago_opens_nothing(at_rest: Accounts) -> None:
    signer = signer_of(at_rest.settings.signing_key_file)
    account = an_account(Role.ADMINISTRATOR, password_changed_at=now())
    fresh = signer.token_for(account, new_id(), now=now())
    stale = signer.token_for(account, new_id(), now=now() - timedelta(minutes=6))

    answers = [
        (
            await at_rest.call("GET", "/accounts", by={"Authorization": f"Bearer {token}"})
        ).status_code
        for token in (fresh, stale)
    ]

    assert answers == [200, 401]


async def test_a_token_whose_claims_were_changed_opens_nothing(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    mine = (await accounts.sign_in("can-bo"))["access_token"].split(".")
    others = accounts.administrator["Authorization"].split(" ")[1].split(".")
    forged = ".".join([mine[0], others[1], mine[2]])
    answer = await accounts.call("GET", "/accounts", by={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "pointer", "type"),
    [
        (b'{"username": "can-bo", ', 400, "", "invalid-json"),
        (b"", 422, "", "missing-field"),
        (b"[]", 422, "", "invalid-value"),
        (b'{"username": "can-bo"}', 422, "/password", "missing-field"),
        (b'{"username": "can-bo", "password": 7}', 422, "/password", "invalid-value"),
        (b'{"username": "a", "password": "b", "c": 1}', 422, "/c", "unknown-field"),
        (b'{"username": "a\\ud800", "password": "b"}', 422, "/username", "invalid-text"),
        ('{"username": "a\ufffd", "password": "b"}'.encode(), 422, "/username", "invalid-text"),
        (b'{"username": "a\\u0000", "password": "b"}', 422, "/username", "invalid-text"),
        (b'{"username": "%s", "password": "b"}' % (b"a" * 300), 422, "/username", "invalid-value"),
    ],
    ids=[
        "cut off", "empty", "a list", "no password", "a number", "unknown field",
        "lone surrogate", "U+FFFD", "NUL", "too long",
    ],
)  # fmt: skip
async def test_a_bad_body_is_a_problem_with_its_place(
    at_rest: Accounts, body: bytes, status: int, pointer: str, type: str
) -> None:
    answer = await at_rest.client.post(
        f"{API}/sessions", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    [place] = answer.json()["errors"]
    assert (place["pointer"], place["type"]) == (pointer, f"/problems/{type}")
    assert "…" not in place["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/accounts?after=W10",
        "/accounts?after=%00",
        "/accounts?after=WyJcdTAwMDAiXQ",
        "/accounts?agency=%00",
        "/accounts?limit=0",
        "/agencies?after=bad",
        "/agencies?level=KINGDOM",
        "/agencies?parent=%00",
        "/agencies/%00",
        "/agencies/x'--",
        "/written-requests?after=1",
    ],
)
async def test_a_bad_address_is_a_problem_and_no_fault_of_ours(
    at_rest: Accounts, path: str
) -> None:
    answer = await at_rest.call("GET", path)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("kind", "body", "status", "type"),
    [
        ("text/plain", b"{}", 415, "unsupported-media-type"),
        ("application/x-www-form-urlencoded", b"username=a", 415, "unsupported-media-type"),
        ("", b"{}", 415, "unsupported-media-type"),
        ("application/json", b" " * (1 << 20) + b"{}", 413, "payload-too-large"),
        ("application/json", '{"username": "á"}'.encode("utf-16"), 400, "malformed"),
        ("application/json", '{"username": "á"}'.encode("utf-16-le"), 400, "malformed"),
        ("application/json", '{"username": "á"}'.encode("cp1258"), 400, "malformed"),
        ("application/merge-patch+json", b"{}", 422, "invalid-body"),
        ("application/json; charset=utf-8", b"{}", 422, "invalid-body"),
    ],
    ids=[
        "text", "form", "no type", "too large", "UTF-16", "UTF-16 without mark", "legacy bytes",
        "a kind of JSON", "JSON with its charset",
    ],
)  # fmt: skip
async def test_only_json_in_utf_8_of_a_modest_size_comes_in(
    at_rest: Accounts, kind: str, body: bytes, status: int, type: str
) -> None:
    answer = await at_rest.client.post(
        f"{API}/sessions", content=body, headers={"Content-Type": kind} if kind else {}
    )
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{type}")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_does_not_say_its_length_is_measured_as_it_comes(
    at_rest: Accounts,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    answer = await at_rest.client.post(
        f"{API}/sessions", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
