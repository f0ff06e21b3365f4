"""A breath between two turns of a loop: what comes meanwhile shares the next (decisions/0024)."""

import asyncio

BREATH = 0.02
"""Seconds from one turn to the next while work keeps coming; the first after a pause waits for
nothing."""


async def breathe(*, since: float) -> None:
    """Wait for what is left of a breath, ``since`` a moment of the loop's clock.

    >>> began = asyncio.get_running_loop().time()
    >>> await breathe(since=began)
    """
    await asyncio.sleep(since + BREATH - asyncio.get_running_loop().time())
