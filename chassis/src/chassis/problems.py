"""Every way of saying no, told over HTTP as RFC 9457 with a place and a Vietnamese sentence."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from chassis.errors import Malformed, NotFound, Place, Refusal, Unavailable
from chassis.outages import MAY_BE_OUTAGES, outage_of

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


class ProblemPlace(BaseModel):
    """One thing that is wrong: where, which rule, what to do."""

    pointer: str
    type: str
    detail: str


class Problem(BaseModel):
    """An answer that says no (RFC 9457); ``type`` is a path that explains it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemPlace] = []


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, description in (("4XX", "Refused; nothing has changed"), ("5XX", "Not now"))
}
"""What every operation may answer besides what it promises, as OpenAPI says it."""


class ProblemText(BaseModel):
    """What a kind of problem means and what to do about it."""

    type: str
    title: str
    detail: str
    advice: str


class _Blanks(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


class Texts:
    """The Vietnamese sentences of a service: the chassis' own, then those of its package."""

    def __init__(self, package: str) -> None:
        self._texts: dict[str, dict[str, str]] = load_texts("chassis") | load_texts(package)

    def title(self, slug: str) -> str:
        """Return the short name of a problem."""
        return self._texts.get(slug, self._texts["invalid"])["title"]

    def detail(self, slug: str, params: Mapping[str, object]) -> str:
        """Return the sentence of a problem, its blanks filled."""
        text = self._texts.get(slug, self._texts["invalid"])["detail"]
        return text.format_map(_Blanks(params))

    def page(self, slug: str) -> ProblemText:
        """Return what ``/problems/<slug>`` shows; raises ``NotFound``."""
        if slug not in self._texts:
            raise NotFound(what=slug)
        text = self._texts[slug]
        return ProblemText(
            type=f"/problems/{slug}",
            title=text["title"],
            detail=text["detail"],
            advice=text["advice"],
        )

    def place(self, place: Place) -> dict[str, str]:
        """Return one entry of ``errors``."""
        return {
            "pointer": place.pointer,
            "type": f"/problems/{place.type}",
            "detail": place.detail or self.detail(place.type, place.params),
        }


@cache
def load_texts(package: str) -> dict[str, dict[str, str]]:
    """Read ``texts.toml`` of ``package``: slug → title, detail, advice."""
    source = resources.files(package).joinpath("texts.toml")
    return tomllib.loads(source.read_text(encoding="utf-8")) if source.is_file() else {}


def answer(texts: Texts, refusal: Refusal) -> JSONResponse:
    """Shape a refusal as the answer of a request."""
    slug = refusal.slug
    body = {
        "type": f"/problems/{slug}",
        "title": texts.title(slug),
        "status": refusal.status,
        "detail": texts.detail(slug, refusal.params),
        **refusal.extra,
    }
    if refusal.errors:
        body["errors"] = [texts.place(place) for place in refusal.errors]
    headers = dict(refusal.headers)
    if isinstance(refusal, Unavailable):
        headers.setdefault("Retry-After", "5")
    if refusal.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(body, refusal.status, headers, MEDIA_TYPE)


def add_problems(app: FastAPI, texts: Texts) -> None:
    """Make ``app`` answer every refusal, bad body and bug as a problem."""

    async def refused(_: Request, why: Refusal) -> JSONResponse:
        return answer(texts, why)

    async def unreadable(_: Request, why: RequestValidationError) -> JSONResponse:
        return answer(texts, _invalid_body(why))

    async def plain(_: Request, why: HTTPException) -> JSONResponse:
        slug = {404: "not-found", 405: "method-not-allowed"}.get(why.status_code, "malformed")
        body = {
            "type": f"/problems/{slug}",
            "title": texts.title(slug),
            "status": why.status_code,
            "detail": texts.detail(slug, {"what": why.detail}),
        }
        return JSONResponse(body, why.status_code, why.headers, MEDIA_TYPE)

    async def down(request: Request, why: Exception) -> JSONResponse:
        if outage := outage_of(why):
            log.warning("dependency down", path=request.url.path, why=str(why))
            return answer(texts, outage)
        return await bug(request, why)

    async def bug(request: Request, why: Exception) -> JSONResponse:
        log.error("bug", path=request.url.path, method=request.method, exc_info=why)
        return answer(texts, Bug())

    _describe(app)
    app.add_exception_handler(Refusal, refused)  # type: ignore[arg-type]  # starlette types
    app.add_exception_handler(RequestValidationError, unreadable)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, plain)  # type: ignore[arg-type]
    for kind in MAY_BE_OUTAGES:
        app.add_exception_handler(kind, down)
    app.add_exception_handler(Exception, bug)


def _describe(app: FastAPI) -> None:
    """Give OpenAPI the shape that ``PROBLEMS`` points to."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        document = describe()
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        shapes = {**problem.pop("$defs"), "Problem": problem}
        document.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
        return document

    app.openapi = described  # type: ignore[method-assign]  # the way that FastAPI documents


class Bug(Refusal):
    """Something that nobody foresaw; the log has it under the trace id."""

    status = 500
    slug = "internal-error"


class InvalidBody(Refusal):
    """The request's body, path or query does not have the shape that OpenAPI names."""

    status = 422
    slug = "invalid-body"


def _invalid_body(why: RequestValidationError) -> Refusal:
    found = why.errors()
    if any(error["type"] == "json_invalid" for error in found):
        return Malformed(errors=[Place("", "invalid-json")])
    return InvalidBody(errors=[_place(error) for error in found])


SLUGS = {
    "missing": "missing-field",
    "extra_forbidden": "unknown-field",
    "invalid-text": "invalid-text",
    "string_unicode": "invalid-text",
}


def _place(error: Mapping[str, Any]) -> Place:
    first, *rest = error["loc"]
    where = rest if first == "body" else [first, *rest]
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in where)
    slug = SLUGS.get(error["type"], "invalid-value")
    return Place(pointer, slug, params={"why": error["msg"]})


def problem_pages(texts: Texts) -> APIRouter:
    """Return the router that explains this service's problems to whoever follows a ``type``."""
    router = APIRouter(tags=["problems"])

    @router.get("/problems/{slug}")
    async def explain(slug: str) -> ProblemText:
        """Explain a kind of problem and what to do about it, in Vietnamese."""
        return texts.page(slug)

    return router
