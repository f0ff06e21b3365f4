"""Public pages as answers: what a browser may do with them, and who wants them at all."""

from typing import Annotated

from fastapi import Header
from fastapi.responses import HTMLResponse

from notifications.channels.templates import TEMPLATES

Accept = Annotated[str, Header(description="`application/json` or `text/html`")]
POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
FRESH = {"Cache-Control": "no-cache", "Vary": "Accept"}
"""A notice must be seen by everyone as soon as it stands: caches ask first."""


def wants_json(accept: str) -> bool:
    """Say whether a client prefers JSON to a page (RFC 9110, 12.5.1).

    >>> wants_json("application/json"), wants_json("text/html,application/json;q=0.9")
    (True, False)
    """
    return _weight(accept, "application/json") > _weight(accept, "text/html")


def _weight(accept: str, media_type: str) -> float:
    for part in accept.split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        if name.lower() == media_type:
            weights = [word[2:] for word in parameters if word.startswith("q=")]
            try:
                return float(weights[0]) if weights else 1.0
            except ValueError:
                return 0.0
    return 0.0


def page(template: str, status: int = 200, **facts: object) -> HTMLResponse:
    """Return a page filled from a template."""
    html = TEMPLATES.get_template(template).render(facts)
    return HTMLResponse(html, status, headers=POLICY | FRESH)
