"""Webhooks: one signed POST to a receiver (Standard Webhooks, ed25519), and how it answered."""

import base64
from collections.abc import Callable, Set
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from connector_gateway.commands.dispatches import Parcel
from connector_gateway.connectors.addresses import checked_address
from connector_gateway.domain.dispatches import Answer
from connector_gateway.domain.targets import Target
from connector_gateway.errors.connections import TargetNotAllowed

Sign = Callable[[bytes], bytes]
HEARD = 64 * 1024
"""Bytes of an answer that are read; a receiver that talks longer is cut off."""


class Webhooks:
    """Sends parcels over connections that are kept; follows no redirect, believes no proxy."""

    def __init__(self, sign: Sign, *, permitted: Set[str], timeout: float) -> None:
        self._sign = sign
        self._permitted = permitted
        self._client = httpx.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        )

    async def send(self, parcel: Parcel, *, now: datetime) -> Answer:
        """Send one parcel and return how it was answered; never raises for what a receiver does."""
        try:
            request = await self._request(parcel, now=now)
            response = await self._client.send(request, stream=True)
        except TargetNotAllowed:
            return Answer(problem="target-not-allowed")
        except (httpx.HTTPError, OSError) as why:
            return Answer(problem=type(why).__name__)
        try:
            await _listen(response)
        except httpx.HTTPError as why:
            return Answer(problem=type(why).__name__)
        finally:
            await response.aclose()
        problem = None if response.is_success else f"status-{response.status_code}"
        wait = retry_after(response.headers.get("retry-after"), now=now)
        return Answer(response.status_code, problem, wait)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _request(self, parcel: Parcel, *, now: datetime) -> httpx.Request:
        target = Target.parse(parcel.url, self._permitted)
        url = httpx.URL(parcel.url)
        headers = {
            "content-type": "application/json",
            "user-agent": "reporting-hub/1",
            "host": url.netloc.decode(),
            **signed(parcel.webhook_id, parcel.payload, self._sign, now=now),
        }
        if parcel.traceparent:
            headers["traceparent"] = parcel.traceparent
        extensions = {}
        if not target.is_private_by_permission:
            # The address that was checked is the one that is called: DNS may change its mind.
            extensions["sni_hostname"] = target.host
            url = url.copy_with(host=await checked_address(target))
        return self._client.build_request(
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


async def _listen(response: httpx.Response) -> None:
    heard = 0
    async for chunk in response.aiter_raw():
        heard += len(chunk)
        if heard > HEARD:
            return
