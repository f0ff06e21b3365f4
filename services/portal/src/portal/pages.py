"""Pages: templates with the components, Vietnamese dates and numbers, and who is looking."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, select_autoescape

from portal.hub import Problem

LOCALE = "vi_VN"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NIL = {"-": "–", "x": "x"}

ENVIRONMENT = Environment(
    loader=ChoiceLoader(
        [
            PackageLoader("portal"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    ),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)


def moment(text: str | None, form: str = "HH:mm dd/MM/yyyy") -> str:
    """Return an ISO moment as people write it: ``17:00 16/12/2026``."""
    if not text:
        return ""
    return format_datetime(datetime.fromisoformat(text).astimezone(ZONE), form, locale=LOCALE)


def second(text: str | None) -> str:
    """Return an ISO moment to the second: ``17:00:09 16/12/2026``."""
    return moment(text, "HH:mm:ss dd/MM/yyyy")


def day(text: str, *, later: int = 0) -> datetime | None:
    """Read a day of a form, ``later`` days on; None where it is empty or no day."""
    try:
        return datetime.fromisoformat(text) + timedelta(days=later) if text else None
    except (ValueError, OverflowError):
        return None


def figure(text: str | None) -> str:
    """Return an exact decimal as people write it: ``1.234,5``; nil as a dash."""
    if text is None:
        return ""
    if text in NIL:
        return NIL[text]
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format_decimal(number, locale=LOCALE, decimal_quantization=False)


def local(text: str | None) -> str:
    """Return an ISO moment as a field of a form takes it: ``2026-12-16T17:00``."""
    return f"{datetime.fromisoformat(text).astimezone(ZONE):%Y-%m-%dT%H:%M}" if text else ""


def from_local(text: str) -> str | None:
    """Return what a form took as an ISO moment with offset, or as it stands where it is none.

    Whoever is asked with it says what is wrong with it.
    """
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat() if text else None
    except ValueError:
        return text


def lasting(seconds: float) -> str:
    """Return a duration as people say it: ``3 phút``."""
    return format_timedelta(timedelta(seconds=seconds), locale=LOCALE, threshold=1.5)


def day_of(text: str) -> str:
    """Return an ISO day as people write it: ``16/12/2026``."""
    return f"{datetime.fromisoformat(text):%d/%m/%Y}"


def in_words(code: str, names: Mapping[str, str]) -> str:
    """Return the word for a code."""
    return names.get(code, code)


ENVIRONMENT.filters |= {"local": local, "day_of": day_of, "in_words": in_words}
ENVIRONMENT.filters |= {"moment": moment, "second": second, "lasting": lasting, "figure": figure}


def read_words() -> dict[str, Any]:
    """Return the words of statuses, grounds and roles that templates share."""
    source = resources.files("portal").joinpath("words.json")
    return dict(json.loads(source.read_text(encoding="utf-8")))


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    problem: Problem | None = None,
    **facts: Any,
) -> HTMLResponse:
    """Render a page for whoever looks at it, with the problem that it was answered with."""
    me = getattr(request.state, "me", None)
    session = getattr(request.state, "session", None)
    html = ENVIRONMENT.get_template(template).render(
        me=me,
        form_token=session.form_token if session else "",
        path=request.url.path,
        words=WORDS,
        problem=problem.body if problem else None,
        **facts,
    )
    return HTMLResponse(html, status_code=problem.status if problem else status)


def part(template: str, **facts: Any) -> str:
    """Render a part of a page, the same for whoever looks."""
    return ENVIRONMENT.get_template(template).render(words=WORDS, **facts)


WORDS = read_words()
