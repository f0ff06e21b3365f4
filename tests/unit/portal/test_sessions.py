"""The session in its cookie: sealed, opened, renewed once."""

import asyncio
from typing import Any

from portal.sessions import BrowserSession, CookieJar, Renewals, begin

TOKENS = {"access_token": "a", "refresh_token": "r", "expires_in": 300}


def test_a_sealed_session_is_opened_by_the_same_secret_only() -> None:
    session = begin(TOKENS)
    sealed = CookieJar("s" * 32).seal(session)
    assert CookieJar("s" * 32).open(sealed) == session
    assert CookieJar("t" * 32).open(sealed) is None


def test_a_damaged_or_absent_cookie_is_nobodys() -> None:
    jar = CookieJar("s" * 32)
    sealed = jar.seal(begin(TOKENS))
    assert jar.open(sealed[:-4] + "AAAA") is None
    assert jar.open(None) is None
    assert jar.open("x") is None


def test_a_sealed_session_does_not_show_its_tokens() -> None:
    sealed = CookieJar("s" * 32).seal(begin({**TOKENS, "access_token": "very-secret"}))
    assert "very-secret" not in sealed


async def test_requests_of_one_page_renew_a_session_once() -> None:
    asked: list[str] = []

    async def renew(token: str) -> dict[str, Any]:
        asked.append(token)
        await asyncio.sleep(0)
        return {**TOKENS, "refresh_token": "next"}

    renewals = Renewals()
    old = BrowserSession("a", "r", 0.0, "form")
    found = await asyncio.gather(*(renewals.once(old, renew) for _ in range(5)))
    assert asked == ["r"]
    assert {one.refresh_token for one in found if one} == {"next"}
    assert {one.form_token for one in found if one} == {"form"}


async def test_a_session_that_cannot_be_renewed_has_ended() -> None:
    async def renew(_: str) -> None:
        return None

    assert await Renewals().once(BrowserSession("a", "r", 0.0, "form"), renew) is None
