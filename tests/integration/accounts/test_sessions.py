"""Signing in, renewing, signing out, over HTTP on real PostgreSQL."""

import asyncio
import time
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from accounts.api.sessions import REFUSAL_AFTER
from accounts.commands.keys import announce_keys
from contracts.accounts.v1 import Role
from tests.support.builders_accounts import API, PASSWORD, Accounts, bearer

ME = f"{API}/me"


async def test_a_person_signs_in_and_is_told_who_it_is(accounts: Accounts) -> None:
    await accounts.issue("can-bo", Role.OFFICER)

    tokens = await accounts.sign_in("can-bo")

    me = (await accounts.client.get(ME, headers=bearer(tokens))).json()
    assert (me["username"], me["agency"], me["agency_name"]) == ("can-bo", "07201", "Xã 07201")
    assert (me["roles"], me["must_change_password"]) == (["officer"], False)
    assert (tokens["expires_in"], tokens["must_change_password"]) == (300, False)


async def test_the_token_is_signed_with_the_published_key_and_says_who_holds_it(
    accounts: Accounts,
) -> None:
    account = await accounts.issue("can-bo", Role.OFFICER, Role.AGENCY_HEAD)
    token = (await accounts.sign_in("can-bo"))["access_token"]

    [key] = (await accounts.client.get("/.well-known/jwks.json")).json()["keys"]

    found = jwt.decode(token, OKPKey.import_key(key), algorithms=["Ed25519"])
    assert found.header == {"alg": "Ed25519", "typ": "at+jwt", "kid": key["kid"]}
    assert key["kid"] == OKPKey.import_key(key).thumbprint()
    claims = found.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("accounts", ["hub"], account)
    assert (claims["agency"], claims["roles"]) == ("07201", ["agency_head", "officer"])
    assert claims["exp"] - claims["iat"] == 300


@pytest.mark.parametrize(
    ("username", "password"),
    [("can-bo", "sai mật khẩu rồi"), ("khong-co", PASSWORD), ("da-khoa", PASSWORD)],
    ids=["wrong password", "unknown user", "locked account"],
)
async def test_whoever_may_not_sign_in_hears_the_same_words(
    accounts: Accounts, username: str, password: str
) -> None:
    await accounts.issue("can-bo")
    locked = await accounts.issue("da-khoa")
    await accounts.call("POST", f"/accounts/{locked}/lock", {"emergency_reason": "Mất máy"})

    answer = await accounts.try_to_sign_in(username, password)

    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/sign-in-refused"
    assert answer.json().keys() == {"type", "title", "status", "detail"}


async def test_no_refusal_comes_sooner_than_that_of_the_dearest_password(
    accounts: Accounts,
) -> None:
    await accounts.issue("can-bo")
    for username in ("can-bo", "khong-co", "quan-tri"):
        began = time.monotonic()
        await accounts.try_to_sign_in(username, "sai mật khẩu rồi")
        assert time.monotonic() - began >= REFUSAL_AFTER


@pytest.mark.parametrize("username", ["can-bo", "khong-co"], ids=["known", "unknown"])
async def test_after_five_failures_the_next_tries_wait_longer_and_longer(
    accounts: Accounts, username: str
) -> None:
    await accounts.issue("can-bo")
    accounts.clock.pass_by(timedelta(0))
    tries = [accounts.try_to_sign_in(username, "sai mật khẩu") for _ in range(5)]
    assert [answer.status_code for answer in await asyncio.gather(*tries)] == [401] * 5

    answer = await accounts.try_to_sign_in(username)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert answer.json()["type"] == "/problems/sign-in-throttled"

    accounts.clock.pass_by(timedelta(seconds=3))
    assert (await accounts.try_to_sign_in(username, "sai mật khẩu")).status_code == 401
    assert (await accounts.try_to_sign_in(username)).headers["Retry-After"] == "4"


async def test_a_success_forgets_the_failures_before_it(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    await asyncio.gather(*(accounts.try_to_sign_in("can-bo", "sai mật khẩu") for _ in range(4)))
    await accounts.sign_in("can-bo")

    assert (await accounts.try_to_sign_in("can-bo", "sai mật khẩu")).status_code == 401
    assert accounts.rows("SELECT times FROM failures") == [(1,)]


@pytest.mark.parametrize("username", ["can-bo", "khong-co"], ids=["known", "unknown"])
async def test_many_guesses_at_the_same_time_learn_no_more_than_five(
    accounts: Accounts, username: str
) -> None:
    await accounts.issue("can-bo")
    guesses = [accounts.try_to_sign_in(username, f"đoán lần thứ {n}") for n in range(30)]

    answers = await asyncio.gather(*guesses)

    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 25
    assert (await accounts.try_to_sign_in("quan-tri")).status_code == 201


async def test_a_refresh_token_serves_once_and_its_reuse_ends_the_session(
    accounts: Accounts,
) -> None:
    await accounts.issue("can-bo")
    first = await accounts.sign_in("can-bo")
    second = (await accounts.refresh(first["refresh_token"])).json()
    assert (await accounts.client.get(ME, headers=bearer(second))).status_code == 200

    stolen = await accounts.refresh(first["refresh_token"])

    assert stolen.status_code == 401
    assert stolen.json()["type"] == "/problems/session-ended"
    assert (await accounts.refresh(second["refresh_token"])).status_code == 401
    assert (await accounts.client.get(ME, headers=bearer(second))).status_code == 401
    assert len(accounts.said("accounts.session.revoked.v1")) == 1


async def test_of_two_at_once_with_one_refresh_token_at_most_one_goes_on(
    accounts: Accounts,
) -> None:
    await accounts.issue("can-bo")
    token = (await accounts.sign_in("can-bo"))["refresh_token"]

    answers = await asyncio.gather(accounts.refresh(token), accounts.refresh(token))

    assert sorted(answer.status_code for answer in answers) == [201, 401]
    assert len(accounts.said("accounts.session.revoked.v1")) == 1


@pytest.mark.parametrize(
    ("username", "minutes", "status"),
    [("can-bo", 19, 201), ("can-bo", 21, 401), ("quan-tri", 9, 201), ("quan-tri", 11, 401)],
    ids=["officer in time", "officer idle", "administrator in time", "administrator idle"],
)
async def test_an_idle_session_ends(
    accounts: Accounts, username: str, minutes: int, status: int
) -> None:
    await accounts.issue("can-bo")
    token = (await accounts.sign_in(username))["refresh_token"]

    accounts.clock.pass_by(timedelta(minutes=minutes))

    assert (await accounts.refresh(token)).status_code == status


async def test_a_session_in_use_ends_all_the_same_after_twelve_hours(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    answer = await accounts.try_to_sign_in("can-bo")
    renewed = 0
    while answer.status_code == 201:
        accounts.clock.pass_by(timedelta(minutes=15))
        answer = await accounts.refresh(answer.json()["refresh_token"])
        renewed += 1
    assert renewed == 12 * 4


async def test_signing_out_ends_the_session_at_once_and_says_so(accounts: Accounts) -> None:
    account = await accounts.issue("can-bo")
    tokens = await accounts.sign_in("can-bo")

    answer = await accounts.call("DELETE", "/sessions/current", by=bearer(tokens))

    assert answer.status_code == 204
    assert (await accounts.client.get(ME, headers=bearer(tokens))).status_code == 401
    assert (await accounts.refresh(tokens["refresh_token"])).status_code == 401
    [revoked] = accounts.said("accounts.session.revoked.v1")
    assert revoked["account_id"] == account


async def test_no_password_and_no_token_stands_in_the_database_in_clear(
    accounts: Accounts,
) -> None:
    await accounts.issue("can-bo")
    tokens = await accounts.sign_in("can-bo")
    await accounts.try_to_sign_in(PASSWORD, PASSWORD)

    tables = [
        name
        for (name,) in accounts.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    for table in tables:
        text = str(accounts.rows(f'SELECT t::text FROM "{table}" AS t'))  # noqa: S608 - own tables
        assert PASSWORD not in text, table
        assert tokens["refresh_token"] not in text, table


async def test_the_key_is_announced_once_and_again_only_when_it_is_another(
    at_rest: Accounts,
) -> None:
    async with at_rest.database.transaction() as session:
        await announce_keys(session, at_rest.settings)
    assert len(at_rest.said("accounts.keys.rotated.v1")) == 1
