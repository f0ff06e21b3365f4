"""The public API as the portal asks it: what comes back, whole or piece by piece."""

from collections.abc import AsyncIterator

import httpx
import pytest

from portal.hub import Hub, HubDown, Problem, SignedOut

PROBLEM = b'{"type": "/problems/forbidden", "title": "x", "detail": "y"}'


def a_problem(status: int) -> httpx.Response:
    """Return a refusal whose body is still to come."""

    async def body() -> AsyncIterator[bytes]:
        yield PROBLEM

    return httpx.Response(status, headers={"content-type": "application/json"}, content=body())


def a_hub(answer: httpx.Response, *, is_signed_in: bool = True) -> Hub:
    """Return a hub that answers everything alike."""
    transport = httpx.MockTransport(lambda _: answer)
    http = httpx.AsyncClient(transport=transport, base_url="http://hub.test")
    return Hub(http, "token" if is_signed_in else None)


@pytest.mark.parametrize("is_long", [False, True], ids=["whole", "long"])
async def test_a_refusal_is_told_however_long_the_answer_would_have_been(is_long: bool) -> None:
    hub = a_hub(a_problem(403))
    with pytest.raises(Problem) as told:
        await hub.ask("GET", "/x", is_long=is_long)
    assert (told.value.status, told.value.slug) == (403, "forbidden")


@pytest.mark.parametrize("is_long", [False, True], ids=["whole", "long"])
async def test_an_ended_session_and_a_silent_part_are_told_apart(is_long: bool) -> None:
    with pytest.raises(SignedOut):
        await a_hub(a_problem(401)).ask("GET", "/x", is_long=is_long)
    with pytest.raises(HubDown):
        await a_hub(httpx.Response(502, text="bad gateway")).ask("GET", "/x", is_long=is_long)
    at_sign_in = a_hub(a_problem(401), is_signed_in=False)
    with pytest.raises(Problem):
        await at_sign_in.ask("GET", "/x", is_long=is_long)


async def test_what_is_long_comes_piece_by_piece() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        asked.append("more")
        yield b"b"

    asked: list[str] = []
    hub = a_hub(httpx.Response(200, content=pieces()))
    answer = await hub.ask("GET", "/x", is_long=True)
    assert asked == []
    assert b"".join([piece async for piece in answer.aiter_bytes()]) == b"ab"
