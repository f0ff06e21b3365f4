"""People and systems as the hub meets them: scripts that use nothing but the public API."""

import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import OKPKey

ACCOUNTS = "/api/accounts/v1"
CATALOG = "/api/catalog/v1"
SUBMISSIONS = "/api/submissions/v1"
CONNECTIONS = "/api/connector-gateway/v1"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RENEW_BEFORE = 30


class Refused(Exception):
    """The hub said no; ``problem`` is what it answered."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.problem: dict[str, Any] = _json(answer)
        said = f"{answer.request.method} {answer.request.url.path}: {self.status}"
        super().__init__(f"{said} {json.dumps(self.problem, ensure_ascii=False)[:600]}")


def open_client(origin: str) -> httpx.Client:
    """Return a client of the hub at ``origin``."""
    return httpx.Client(base_url=origin, timeout=180)


def new_traceparent() -> str:
    """Return the ``traceparent`` of a new trace."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


@dataclass
class Caller:
    """Whoever asks with a token; ``traceparent`` joins what is asked to one trace."""

    http: httpx.Client
    traceparent: str | None = None
    token: str = ""
    ends_at: float = 0.0

    def renew(self) -> None:
        """Get a token."""
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        """Return the headers of a signed-in request."""
        if time.time() > self.ends_at - RENEW_BEFORE:
            self.renew()
        trace = {"traceparent": self.traceparent} if self.traceparent else {}
        return {"Authorization": f"Bearer {self.token}", **trace}

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Ask and return the answer, whatever it is."""
        own = {**self.headers(), **how.pop("headers", {})}
        return self.http.request(method, path, headers=own, **how)

    def get(self, path: str, **params: Any) -> Any:
        """Read; raises ``Refused``."""
        return _taken(self.ask("GET", path, params=params))

    def post(self, path: str, body: Any = None) -> Any:
        """Act; raises ``Refused``."""
        return _taken(self.ask("POST", path, json=body))

    def tracing(self, traceparent: str | None) -> Self:
        """Join what is asked from now on to a trace."""
        self.traceparent = traceparent
        return self


@dataclass
class Person(Caller):
    """A person with an account."""

    username: str = ""
    password: str = field(default="", repr=False)

    def renew(self) -> None:
        """Sign in."""
        body = {"username": self.username, "password": self.password}
        found = _taken(self.http.post(f"{ACCOUNTS}/sessions", json=body))
        self.token = found["access_token"]
        self.ends_at = time.time() + found["expires_in"]

    def report(self, report_id: str) -> tuple[dict[str, Any], str]:
        """Read a report and its ETag."""
        answer = self.ask("GET", f"{SUBMISSIONS}/reports/{report_id}")
        return _taken(answer), answer.headers["etag"]

    def fill_in(self, report_id: str, etag: str, **edit: Any) -> dict[str, Any]:
        """Change a report that was read with ``etag``."""
        path = f"{SUBMISSIONS}/reports/{report_id}"
        found: dict[str, Any] = _taken(
            self.ask("PATCH", path, json=edit, headers={"If-Match": etag})
        )
        return found


@dataclass
class System(Caller):
    """A connected system: signs in with its own key (private_key_jwt) or with a secret."""

    code: str = ""
    secret: str = field(default="", repr=False)
    key_file: Path | None = None

    def renew(self) -> None:
        """Ask for an access token."""
        if self.key_file:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": JWT_BEARER,
                "client_assertion": self.assertion(),
            }
            answer = self.http.post(f"{CONNECTIONS}/token", data=form)
        else:
            answer = self.http.post(
                f"{CONNECTIONS}/token",
                data={"grant_type": "client_credentials"},
                auth=(self.code, self.secret),
            )
        found = _taken(answer)
        self.token = found["access_token"]
        self.ends_at = time.time() + found["expires_in"]

    def assertion(self) -> str:
        """Return a client assertion that serves once (RFC 7523)."""
        if self.key_file is None:
            raise ValueError(f"{self.code} has no key")
        key = OKPKey.import_key(self.key_file.read_bytes())
        moment = int(time.time())
        claims = {
            "iss": self.code,
            "sub": self.code,
            "aud": f"{str(self.http.base_url).rstrip('/')}{CONNECTIONS}/token",
            "jti": str(uuid4()),
            "iat": moment,
            "exp": moment + 55,
        }
        header = {"alg": "Ed25519", "kid": key.thumbprint()}
        return jwt.encode(header, claims, key, algorithms=["Ed25519"])

    def push(self, delivery: bytes, *, key: str) -> httpx.Response:
        """Push a delivery under an idempotency key and return the answer."""
        return self.ask(
            "POST",
            f"{CONNECTIONS}/connections/{self.code}/deliveries",
            content=delivery,
            headers={"Content-Type": "application/json", "Idempotency-Key": key},
        )

    def receipt(self, receipt: str, *, wait: int = 10) -> dict[str, Any]:
        """Read a receipt, waiting up to ``wait`` seconds for its final state."""
        path = f"{CONNECTIONS}/connections/{self.code}/deliveries/{receipt}"
        found: dict[str, Any] = self.get(path, wait=wait)
        return found


def new_key(path: Path) -> dict[str, Any]:
    """Return the public half of the key in ``path``, made now where there is none."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    key = OKPKey.import_key(path.read_bytes())
    return {**key.as_dict(private=False), "kid": key.thumbprint()}


def _taken(answer: httpx.Response) -> Any:
    if answer.is_success:
        return _json(answer) if answer.content else None
    raise Refused(answer)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return {"text": answer.text[:200]}
