"""Waiting for a condition with a limit, so that no test sleeps for a guessed time."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], Awaitable[bool]], *, limit: float = 30.0, every: float = 0.02
) -> None:
    """Return when ``condition`` holds; raise ``TimeoutError`` after ``limit`` seconds."""
    end = time.monotonic() + limit
    while not await condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not so after {limit} s")
        await asyncio.sleep(every)
