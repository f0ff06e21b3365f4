"""Reading a push as it streams in: the cheap checks, before anything is stored."""

import asyncio

from fastapi import Request
from starlette.requests import ClientDisconnect

from chassis.errors import Refusal
from connector_gateway.domain.contents import (
    ENCODINGS,
    LARGEST,
    MEDIA_TYPES,
    check,
    media_type,
    unpack,
)
from connector_gateway.domain.receipts import Delivery
from connector_gateway.errors.deliveries import (
    BodyCutOff,
    DeliveryTooLarge,
    IdempotencyKeyMissing,
    MediaTypeUnknown,
)

READ_SECONDS = 60
"""How long a body may take to arrive."""


async def read_delivery(request: Request) -> Delivery | Refusal:
    """Return the push, or what is wrong with it; never raises, so that the gate speaks first."""
    try:
        return await _read(request)
    except Refusal as why:
        return why


async def read_sample(request: Request) -> Delivery:
    """Return a delivery that is not to be kept, so that no ``Idempotency-Key`` is asked for.

    The other checks are those of a push; raises their refusals.
    """
    return await _read(request, key="sample")


async def _read(request: Request, *, key: str | None = None) -> Delivery:
    headers = request.headers
    content_type = media_type(headers.get("content-type", ""))
    encoding = headers.get("content-encoding", "").strip().lower().replace("identity", "")
    if content_type not in MEDIA_TYPES or encoding not in ENCODINGS:
        raise MediaTypeUnknown
    key = key or headers.get("idempotency-key", "").strip()
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise IdempotencyKeyMissing
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > LARGEST:
        raise DeliveryTooLarge
    body = await _body(request)
    check(unpack(body, encoding), content_type)
    return Delivery(key, body, content_type, encoding)


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST:
                    raise DeliveryTooLarge
                chunks.append(chunk)
    except (ClientDisconnect, TimeoutError) as why:
        raise BodyCutOff from why
    if not size:
        raise BodyCutOff
    return b"".join(chunks)
