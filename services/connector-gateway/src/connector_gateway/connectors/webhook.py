"""Webhooks: one signed POST to a receiver (Standard Webhooks, ed25519), and how it answered."""

import base64
import time
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import httpx

from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.keys import SigningKey
from connector_gateway.connectors.addresses import checked_address
from connector_gateway.connectors.lines import Lines, Place
from connector_gateway.domain.dispatches import LOG_BODY, Answer
from connector_gateway.domain.targets import Target
from connector_gateway.errors.connections import TargetNotAllowed

Sign = Callable[[bytes], bytes]
LOGGED = frozenset(
    {"content-type", "host", "traceparent", "user-agent", "webhook-id", "webhook-timestamp"}
)
"""Headers of a request that the log keeps; the signature is none of them."""
EXPLAINING = ("content-type", "content-length", "date", "location", "retry-after", "server")
LONGEST = 300
"""Characters of a header that the log keeps."""


class Webhooks:
    """Sends parcels over lines that are kept; follows no redirect, believes no proxy."""

    def __init__(self, key: SigningKey, *, permitted: Set[str], timeout: float) -> None:
        self._key = key
        self._permitted = permitted
        self._lines = Lines(timeout=timeout)

    async def send(self, parcel: Parcel, *, now: datetime) -> Answer:
        """Send one parcel and return how it was answered; never raises for what a receiver does."""
        began = time.perf_counter()
        try:
            target, url = Target.parse(parcel.url, self._permitted), _read(parcel.url)
            # The address that was checked is the one that is called: DNS may change its mind.
            place = place_of(url, await checked_address(target), target.port)
        except (TargetNotAllowed, httpx.InvalidURL):
            return Answer(problem="target-not-allowed")
        except OSError as why:
            return self._failed({}, why, began)
        headers = self._headers(parcel, url, now=now)
        try:
            heard = await self._lines.post(place, url.raw_path, headers, parcel.payload)
        except httpx.TransportError as why:
            return self._failed(headers, why, began)
        is_taken = 200 <= heard.status < 300
        return Answer(
            heard.status,
            None if is_taken else f"status-{heard.status}",
            retry_after(heard.headers.get("retry-after"), now=now),
            kid=self._key.kid,
            request_headers=_logged(headers),
            headers=_explaining(heard.headers),
            body=heard.body[:LOG_BODY],
            duration_ms=_since(began),
        )

    def close_idle(self) -> None:
        """Close lines that have had no work for a while."""
        self._lines.close_idle()

    def close(self) -> None:
        """Close every line."""
        self._lines.close()

    def _failed(self, headers: Mapping[str, str], why: Exception, began: float) -> Answer:
        return Answer(
            problem=type(why).__name__,
            kid=self._key.kid if headers else None,
            request_headers=_logged(headers),
            duration_ms=_since(began),
        )

    def _headers(self, parcel: Parcel, url: httpx.URL, *, now: datetime) -> dict[str, str]:
        headers = {
            "content-type": "application/json",
            "user-agent": "reporting-hub/1",
            "host": url.netloc.decode(),
            **signed(parcel.webhook_id, parcel.payload, self._key.sign, now=now),
        }
        if parcel.traceparent:
            headers["traceparent"] = parcel.traceparent
        return headers


@lru_cache(maxsize=1024)
def _read(url: str) -> httpx.URL:
    """Read an address, the same one over and over, which costs more than to sign."""
    return httpx.URL(url)


def place_of(url: httpx.URL, address: str, port: int) -> Place:
    """Return where the lines of the receiver at ``url`` lead."""
    origin = f"{url.scheme}://{url.netloc.decode()}"
    return Place(origin, address, port, url.raw_host.decode())


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


def _logged(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what the log keeps of a request: everything but the signature."""
    return {name: value for name, value in headers.items() if name in LOGGED}


def _explaining(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers of an answer that the log keeps."""
    return {name: headers[name][:LONGEST] for name in EXPLAINING if name in headers}


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
