"""Pages that stay true without a reload: parts of a page told again whenever they change."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from fastapi import Request
from fastapi.responses import StreamingResponse

from portal.hub import HubDown, Problem, SignedOut

LOOK = 1.0
"""Seconds between two looks at the hub."""
LASTS = 60.0
"""Seconds of one stream; the browser then asks again, and its session is renewed."""
Parts = Callable[[], Awaitable[Mapping[str, str]]]


def stream(request: Request, parts: Parts) -> StreamingResponse:
    """Tell ``parts`` (HTML by element id) as server-sent events, each only when it changes."""
    return StreamingResponse(
        _events(request, parts),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(request: Request, parts: Parts) -> AsyncIterator[str]:
    told: dict[str, str] = {}
    ends = time.monotonic() + LASTS
    yield "retry: 2000\n\n"
    while time.monotonic() < ends and not await request.is_disconnected():
        try:
            found = await parts()
        except (HubDown, Problem, SignedOut):
            return  # the browser says so and asks again
        fresh = {name: html for name, html in found.items() if told.get(name) != html}
        told |= fresh
        yield f"data: {json.dumps(fresh, ensure_ascii=False)}\n\n" if fresh else ":\n\n"
        await asyncio.sleep(LOOK)
