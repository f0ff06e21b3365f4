"""The public API as the portal asks it: one client, the user's token, the trace passed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from opentelemetry import propagate

ACCOUNTS = "/api/accounts/v1"
CATALOG = "/api/catalog/v1"
SUBMISSIONS = "/api/submissions/v1"
NOTIFICATIONS = "/api/notifications/v1"
CONNECTIONS = "/api/connector-gateway/v1"


class SignedOut(Exception):
    """Nobody is signed in any more; the page leads to sign-in and back."""


class Problem(Exception):
    """The hub said no; ``body`` is its problem (RFC 9457), written for people already."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {body.get('type')}")
        self.status = status
        self.body = body

    @property
    def slug(self) -> str:
        """Return the kind of problem."""
        return str(self.body.get("type", "")).rsplit("/", 1)[-1]


class HubDown(Exception):
    """A part of the hub does not answer."""


@dataclass(frozen=True)
class Hub:
    """The hub for one request of a browser, asked with the user's token (None: nobody's)."""

    http: httpx.AsyncClient
    token: str | None = None

    async def ask(
        self, method: str, path: str, *, is_long: bool = False, **how: Any
    ) -> httpx.Response:
        """Ask; raises ``SignedOut``, ``Problem`` or ``HubDown``.

        Of what ``is_long`` only the head has come: its body follows from ``aiter_bytes``.
        """
        headers: dict[str, str] = dict(how.pop("headers", {}))
        propagate.inject(headers)
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = self.http.build_request(method, path, headers=headers, **how)
        try:
            answer = await self.http.send(request, stream=is_long)
            if answer.is_success:
                return answer
            await answer.aread()
        except httpx.TransportError as why:
            raise HubDown from why
        if answer.status_code == 401 and self.token:
            raise SignedOut
        body = _problem(answer)
        if not body:
            raise HubDown
        raise Problem(answer.status_code, body)

    async def get(self, path: str, **params: Any) -> Any:
        """Read."""
        asked = {name: value for name, value in params.items() if value not in (None, "")}
        return (await self.ask("GET", path, params=asked)).json()

    async def post(self, path: str, body: Any = None) -> Any:
        """Act."""
        answer = await self.ask("POST", path, json=body)
        return answer.json() if answer.content else None


def _problem(answer: httpx.Response) -> dict[str, Any]:
    if "json" not in answer.headers.get("content-type", ""):
        return {}
    found = answer.json()
    return found if isinstance(found, dict) else {}
