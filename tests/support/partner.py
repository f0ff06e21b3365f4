"""A ministry system as the hub meets it: signs in, pushes figures, takes webhooks; nothing mocked.

- ``Partner(client, "qg-tthc")`` signs in with its own Ed25519 key (private_key_jwt, RFC 7523) or,
  given ``secret``, by HTTP Basic; ``await partner.push(delivery)`` signs in when it has to.
- ``a_delivery(figures=1000)`` makes the dense form of a push.
- ``async with receiving(port=0) as receiver`` listens for webhooks and keeps what it got;
  ``receiver.verified(public_keys)`` checks every signature as Standard Webhooks says
  (ed25519) and returns the payloads. ``receiver.answers`` says what to answer next.
"""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwt
from joserfc.jwk import OKPKey

API = "/api/connector-gateway/v1"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def a_delivery(
    *, agencies: Sequence[str] = ("07201",), figures: int = 4, regime: str = "TTHC-II06A"
) -> dict[str, Any]:
    """Return a push in the dense form: ``figures`` cells, spread evenly over ``agencies``."""
    each = figures // len(agencies)
    columns = min(each, 20)
    rows = each // columns
    return {
        "regime": regime,
        "period": "2026-H1",
        "reports": [
            {
                "agency": agency,
                "rows": [str(row) for row in range(1, rows + 1)],
                "columns": [f"c{column}" for column in range(1, columns + 1)],
                "values": [[str(row * column) for column in range(columns)] for row in range(rows)],
            }
            for agency in agencies
        ],
    }


@dataclass
class Partner:
    """One connected system; ``client`` reaches the hub's origin."""

    client: httpx.AsyncClient
    code: str
    secret: str | None = None
    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519", auto_kid=True))
    token: str | None = None

    @property
    def public_jwk(self) -> dict[str, str]:
        """Return the public half of the key, as the connection registers it."""
        return {name: str(value) for name, value in self.key.as_dict(private=False).items()}

    @property
    def deliveries(self) -> str:
        """Return where this system pushes."""
        return f"{API}/connections/{self.code}/deliveries"

    def assertion(self, **claims: Any) -> str:
        """Return a client assertion; ``claims`` replace those of a good one, None drops one."""
        good = {
            "iss": self.code,
            "sub": self.code,
            "aud": f"{str(self.client.base_url).rstrip('/')}{API}/token",
            "jti": str(uuid4()),
            "iat": int(time.time()),
            "exp": int(time.time()) + 55,
        }
        said = {name: value for name, value in (good | claims).items() if value is not None}
        header = {"alg": "Ed25519", "kid": self.key.kid}
        return jwt.encode(header, said, self.key, algorithms=["Ed25519"])

    async def ask_token(self, assertion: str | None = None) -> httpx.Response:
        """Ask the token endpoint and return its answer."""
        if self.secret and assertion is None:
            return await self.client.post(
                f"{API}/token",
                data={"grant_type": "client_credentials"},
                auth=(self.code, self.secret),
            )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion or self.assertion(),
        }
        return await self.client.post(f"{API}/token", data=form)

    async def sign_in(self) -> str:
        """Sign in and keep the access token."""
        answer = await self.ask_token()
        answer.raise_for_status()
        self.token = str(answer.json()["access_token"])
        return self.token

    async def headers(self) -> dict[str, str]:
        """Return the headers of a signed-in request."""
        return {"Authorization": f"Bearer {self.token or await self.sign_in()}"}

    async def push(
        self,
        delivery: Mapping[str, Any] | bytes,
        *,
        key: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Push a delivery; ``headers`` are named with underscores (``content_type="text/csv"``)."""
        body = delivery if isinstance(delivery, bytes) else json.dumps(delivery).encode()
        said = {
            **await self.headers(),
            "Idempotency-Key": key or str(uuid4()),
            "Content-Type": "application/json",
            **{name.replace("_", "-").title(): value for name, value in headers.items()},
        }
        return await self.client.post(self.deliveries, content=body, headers=said)

    async def receipt(self, location: str, *, wait: int = 0) -> httpx.Response:
        """Read a receipt."""
        return await self.client.get(
            location, params={"wait": wait}, headers=await self.headers(), timeout=wait + 10
        )


@dataclass(frozen=True)
class Received:
    """A webhook as it came."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        """Return the webhook id, the same on every try."""
        return self.headers["webhook-id"]

    def is_signed_by(self, keys: Iterable[Mapping[str, str]]) -> bool:
        """Say whether one of the signatures is of one of ``keys`` (JWK), and fresh."""
        moment = self.headers["webhook-timestamp"]
        message = b".".join((self.id.encode(), moment.encode(), self.body))
        public = [
            Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=="))
            for key in keys
        ]
        return abs(self.at - int(moment)) < 300 and any(
            _verifies(key, signature, message)
            for signature in self.headers["webhook-signature"].split()
            for key in public
        )


def _verifies(key: Ed25519PublicKey, signature: str, message: bytes) -> bool:
    version, _, value = signature.partition(",")
    try:
        key.verify(base64.b64decode(value), message)
    except Exception:
        return False
    return version == "v1a"


@dataclass
class Receiver:
    """A webhook receiver on the loopback that keeps what it got."""

    received: list[Received] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    """Status of the next answers (``"500"``, ``"503|Retry-After: 7"``); None never answers."""
    port: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    says: bytes = b""
    """Body of every answer."""
    broken_off: int = 0
    """Requests whose sender went away before it was answered."""

    @property
    def url(self) -> str:
        """Return where to deliver."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def target(self) -> str:
        """Return what the hub must permit: ``host:port``."""
        return f"127.0.0.1:{self.port}"

    def verified(self, keys: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
        """Return all payloads; raises ``AssertionError`` for a bad signature."""
        known = list(keys)
        assert all(one.is_signed_by(known) for one in self.received)
        return [json.loads(one.body) for one in self.received]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.open.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def _answer(
        self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(headers, body, time.time()))
        answer = self.answers.pop(0) if self.answers else "204"
        if answer is None:
            if await reader.read(1) == b"":
                self.broken_off += 1
            raise ConnectionError
        status, _, extra = answer.partition("|")
        told = f"HTTP/1.1 {status} Said\r\n{extra}\r\n" if extra else f"HTTP/1.1 {status} Said\r\n"
        writer.write(f"{told}Content-Length: {len(self.says)}\r\n\r\n".encode() + self.says)
        await writer.drain()


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """Listen for webhooks on the loopback; port 0 takes a free one."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for writer in receiver.open:
            writer.close()
