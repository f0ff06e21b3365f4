"""Webhooks: one signed POST to a receiver (Standard Webhooks, ed25519), and how it answered."""

import base64
import time
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.keys import SigningKey
from connector_gateway.connectors.addresses import checked_address
from connector_gateway.domain.dispatches import LOG_BODY, Answer
from connector_gateway.domain.targets import Target
from connector_gateway.errors.connections import TargetNotAllowed

Sign = Callable[[bytes], bytes]
HEARD = 64 * 1024
"""Bytes of an answer that are read; a receiver that talks longer is cut off."""
LOGGED = frozenset(
    {"content-type", "host", "traceparent", "user-agent", "webhook-id", "webhook-timestamp"}
)
"""Headers of a request that the log keeps; the signature is none of them."""
EXPLAINING = ("content-type", "content-length", "date", "location", "retry-after", "server")
LONGEST = 300
"""Characters of a header that the log keeps."""


class Webhooks:
    """Sends parcels over connections that are kept; follows no redirect, believes no proxy.

    Each receiver has a client of its own: two names at one address never share a connection, whose
    certificate was checked for one of them only.
    """

    def __init__(self, key: SigningKey, *, permitted: Set[str], timeout: float) -> None:
        self._key = key
        self._permitted = permitted
        self._timeout = timeout
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def send(self, parcel: Parcel, *, now: datetime) -> Answer:
        """Send one parcel and return how it was answered; never raises for what a receiver does."""
        began = time.perf_counter()
        try:
            request = await self._request(parcel, now=now)
            response = await self.client_of(parcel.url).send(request, stream=True)
        except (TargetNotAllowed, httpx.InvalidURL):
            return Answer(problem="target-not-allowed")
        except (httpx.HTTPError, OSError) as why:
            return self._failed(parcel, why, began, now=now)
        try:
            body = await _listen(response)
        except httpx.HTTPError as why:
            return self._failed(parcel, why, began, now=now)
        finally:
            await response.aclose()
        return Answer(
            response.status_code,
            None if response.is_success else f"status-{response.status_code}",
            retry_after(response.headers.get("retry-after"), now=now),
            kid=self._key.kid,
            request_headers=_logged(request.headers),
            headers=_explaining(response.headers),
            body=body[:LOG_BODY],
            duration_ms=_since(began),
        )

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    def client_of(self, url: str) -> httpx.AsyncClient:
        """Return the client of the receiver that ``url`` names."""
        parts = httpx.URL(url)
        origin = f"{parts.scheme}://{parts.netloc.decode()}"
        if origin not in self._clients:
            self._clients[origin] = httpx.AsyncClient(
                timeout=self._timeout,
                follow_redirects=False,
                trust_env=False,
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=25),
            )
        return self._clients[origin]

    def _failed(self, parcel: Parcel, why: Exception, began: float, *, now: datetime) -> Answer:
        return Answer(
            problem=type(why).__name__,
            kid=self._key.kid,
            request_headers=_logged(self._headers(parcel, now=now)),
            duration_ms=_since(began),
        )

    def _headers(self, parcel: Parcel, *, now: datetime) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "user-agent": "reporting-hub/1",
            "host": httpx.URL(parcel.url).netloc.decode(),
            **signed(parcel.webhook_id, parcel.payload, self._key.sign, now=now),
        }
        if parcel.traceparent:
            headers["traceparent"] = parcel.traceparent
        return headers

    async def _request(self, parcel: Parcel, *, now: datetime) -> httpx.Request:
        target = Target.parse(parcel.url, self._permitted)
        url = httpx.URL(parcel.url)
        headers = self._headers(parcel, now=now)
        extensions = {}
        if not target.is_private_by_permission:
            # The address that was checked is the one that is called: DNS may change its mind.
            extensions["sni_hostname"] = target.host
            url = url.copy_with(host=await checked_address(target))
        return self.client_of(parcel.url).build_request(
            "POST", url, content=parcel.payload, headers=headers, extensions=extensions
        )


def signed(webhook_id: str, payload: bytes, sign: Sign, *, now: datetime) -> dict[str, str]:
    """Return the three headers of Standard Webhooks."""
    moment = str(int(now.timestamp()))
    signature = sign(b".".join((webhook_id.encode(), moment.encode(), payload)))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1a,{base64.b64encode(signature).decode()}",
    }


def retry_after(said: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a receiver asks to be left alone (seconds or an HTTP date).

    >>> retry_after("120", now=datetime.now(UTC))
    120.0
    """
    if not said:
        return None
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


async def _listen(response: httpx.Response) -> bytes:
    heard = b""
    async for chunk in response.aiter_raw():
        heard += chunk
        if len(heard) > HEARD:
            break
    return heard


def _logged(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what the log keeps of a request: everything but the signature."""
    return {name: value for name, value in headers.items() if name in LOGGED}


def _explaining(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers of an answer that the log keeps."""
    return {name: headers[name][:LONGEST] for name in EXPLAINING if name in headers}


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
