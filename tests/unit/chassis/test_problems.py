"""Refusals become RFC 9457 problems with a place and a Vietnamese sentence."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import Field

from chassis.errors import Conflict, Invalid, Place, Unavailable
from chassis.etags import Tag
from chassis.http import Body
from chassis.problems import Texts, add_problems, problem_pages
from contracts.text import Text


class Note(Body):
    """A body with a place for each kind of mistake."""

    text: Text
    number: int = Field(ge=0)


class Moved(Conflict):
    """A refusal with members of its own."""

    slug = "conflict"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a small application with the chassis' problems."""
    app = FastAPI()
    texts = Texts("chassis")
    add_problems(app, texts)
    app.include_router(problem_pages(texts), prefix="/api/probe/v1")

    @app.post("/notes")
    async def write(note: Note) -> str:
        return note.text

    @app.put("/notes")
    async def change(tag: Tag) -> int:
        return tag.revision

    @app.get("/refused")
    async def refused() -> None:
        raise Invalid(errors=[Place("/a/0", "invalid-text"), Place("/b", "invalid-value")])

    @app.get("/moved")
    async def moved() -> None:
        raise Moved(extra={"epoch": 3})

    @app.get("/down")
    async def down() -> None:
        raise Unavailable(headers={"Retry-After": "60"})

    @app.get("/lost")
    async def lost() -> None:
        raise ConnectionRefusedError

    @app.get("/bug")
    async def bug() -> None:
        raise KeyError("x")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://probe") as client:
        yield client


async def test_every_wrong_place_of_a_body_is_named_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post("/notes", json={"text": "a\u0000b", "number": -1, "more": 1})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "/problems/invalid-body"
    assert {(place["pointer"], place["type"]) for place in problem["errors"]} == {
        ("/text", "/problems/invalid-text"),
        ("/number", "/problems/invalid-value"),
        ("/more", "/problems/unknown-field"),
    }
    assert all(place["detail"] for place in problem["errors"])


async def test_decomposed_text_is_taken_and_kept_composed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/notes", json={"text": "hoa\u0300", "number": 1})
    assert answer.json() == "ho\u00e0"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"text": "\ufffd", "number": 1}', id="replacement character"),
        pytest.param('{"text": "\\ud800", "number": 1}', id="lone surrogate"),
        pytest.param('{"text": "\ue000", "number": 1}', id="private use"),
        pytest.param('{"text": "\\u0007", "number": 1}', id="control character"),
    ],
)
async def test_text_that_nobody_can_read_is_refused_with_its_place(
    client: httpx.AsyncClient, text: str
) -> None:
    answer = await client.post(
        "/notes", content=text.encode(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    [place] = answer.json()["errors"]
    assert (place["pointer"], place["type"]) == ("/text", "/problems/invalid-text")


async def test_wrong_json_is_a_malformed_request(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/notes", content=b'{"text": ', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/malformed"
    assert answer.json()["errors"][0]["type"] == "/problems/invalid-json"


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/refused", 422, "invalid"),
        ("/moved", 409, "conflict"),
        ("/down", 503, "unavailable"),
        ("/lost", 503, "unavailable"),
        ("/bug", 500, "internal-error"),
        ("/nowhere", 404, "not-found"),
    ],
)
async def test_every_kind_of_no_has_its_status_and_a_sentence(
    client: httpx.AsyncClient, path: str, status: int, slug: str
) -> None:
    answer = await client.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"] == f"/problems/{slug}"
    assert problem["title"]
    assert problem["detail"]


async def test_a_refusal_may_carry_members_and_headers_of_its_own(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/moved")).json()["epoch"] == 3
    assert (await client.get("/down")).headers["retry-after"] == "60"
    assert (await client.get("/lost")).headers["retry-after"] == "5"


async def test_a_problem_type_leads_to_a_page_that_says_what_to_do(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/api/probe/v1/problems/stale-etag")).json()
    assert page["type"] == "/problems/stale-etag"
    assert page["advice"]
    assert (await client.get("/api/probe/v1/problems/unheard-of")).status_code == 404


@pytest.mark.parametrize(
    ("etag", "status"),
    [(None, 428), ('"7"', 200), ('W/"7"', 200), ('"7-zstd"', 200), ("*", 412), ('"x"', 412)],
)
async def test_a_change_needs_the_etag_that_was_read(
    client: httpx.AsyncClient, etag: str | None, status: int
) -> None:
    headers = {"If-Match": etag} if etag else {}
    assert (await client.put("/notes", headers=headers)).status_code == status
