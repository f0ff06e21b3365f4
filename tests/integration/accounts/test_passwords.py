"""Passwords changed by their holder (Điều 4.4), over HTTP on real PostgreSQL."""

import pytest

from contracts.accounts.v1 import Role
from tests.support.builders_accounts import API, PASSWORD, Accounts, bearer

NEW = "bão lụt tháng mười 27"


async def test_a_changed_password_is_the_one_that_counts(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    tokens = await accounts.sign_in("can-bo")
    body = {"current": PASSWORD, "new": NEW}

    answer = await accounts.call("PUT", "/me/password", body, by=bearer(tokens))

    assert answer.status_code == 204
    assert (await accounts.try_to_sign_in("can-bo")).status_code == 401
    assert (await accounts.try_to_sign_in("can-bo", NEW)).status_code == 201


async def test_the_holders_other_sessions_end_with_the_old_password(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    here, elsewhere = await accounts.sign_in("can-bo"), await accounts.sign_in("can-bo")

    await accounts.call("PUT", "/me/password", {"current": PASSWORD, "new": NEW}, by=bearer(here))

    assert (await accounts.refresh(here["refresh_token"])).status_code == 201
    assert (await accounts.refresh(elsewhere["refresh_token"])).status_code == 401


@pytest.mark.parametrize(
    ("current", "new", "pointer", "type"),
    [
        ("không phải mật khẩu này", NEW, "/current", "password-wrong"),
        (PASSWORD, "ngắn quá", "/new", "password-weak"),
        (PASSWORD, "matkhau-can-bo-2026", "/new", "password-weak"),
        (PASSWORD, PASSWORD, "/new", "password-weak"),
        (PASSWORD, "dài nhưng có \u0007 chuông", "/new", "invalid-text"),
    ],
    ids=["wrong", "short", "words everybody tries", "the old one", "control character"],
)
async def test_a_password_that_will_not_do_changes_nothing(
    accounts: Accounts, current: str, new: str, pointer: str, type: str
) -> None:
    await accounts.issue("can-bo")
    tokens = await accounts.sign_in("can-bo")

    answer = await accounts.call(
        "PUT", "/me/password", {"current": current, "new": new}, by=bearer(tokens)
    )

    assert answer.status_code == 422
    [place] = answer.json()["errors"]
    assert (place["pointer"], place["type"]) == (pointer, f"/problems/{type}")
    assert (await accounts.try_to_sign_in("can-bo")).status_code == 201


async def test_a_password_typed_in_decomposed_letters_is_the_same_password(
    accounts: Accounts,
) -> None:
    await accounts.issue("can-bo", password="mua\u0302\u0300 nguồn suối lũ 26")
    assert (await accounts.try_to_sign_in("can-bo", "muầ nguồn suối lũ 26")).status_code == 201


async def test_an_old_password_leads_only_to_the_page_where_it_changes(
    accounts: Accounts,
) -> None:
    await accounts.issue("dieu-hanh", Role.OPERATOR)
    accounts.rows(
        "UPDATE accounts SET password_changed_at = now() - interval '6 months' "
        "WHERE username = 'dieu-hanh' RETURNING id"
    )
    tokens = await accounts.sign_in("dieu-hanh")
    assert tokens["must_change_password"] is True
    me = await accounts.client.get(f"{API}/me", headers=bearer(tokens))
    assert (me.status_code, me.json()["must_change_password"]) == (200, True)
    assert (await accounts.call("GET", "/accounts", by=bearer(tokens))).status_code == 403

    body = {"current": PASSWORD, "new": NEW}
    await accounts.call("PUT", "/me/password", body, by=bearer(tokens))
    renewed = (await accounts.refresh(tokens["refresh_token"])).json()

    assert renewed["must_change_password"] is False
    assert (await accounts.call("GET", "/accounts", by=bearer(renewed))).status_code == 200


async def test_an_administrators_hash_costs_more(accounts: Accounts) -> None:
    await accounts.issue("can-bo")
    hashes = dict(accounts.rows("SELECT username, password_hash FROM accounts"))
    assert "$argon2id$v=19$m=65536,t=3,p=1$" in hashes["quan-tri"]
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in hashes["can-bo"]
