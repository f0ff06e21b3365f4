"""A breath between two turns of a loop: what comes meanwhile shares the next (decisions/0024)."""

import asyncio

BREATH = 0.02
"""Seconds from one turn to the next while work keeps coming; the first after a pause waits for
nothing."""
DEEPEST = 0.08
"""Seconds that the breath of a loop nobody waits for grows to, turn by turn."""


async def breathe(*, since: float, depth: float = BREATH) -> None:
    """Wait for what is left of a breath, ``since`` a moment of the loop's clock.

    >>> began = asyncio.get_running_loop().time()
    >>> await breathe(since=began)
    """
    await asyncio.sleep(since + depth - asyncio.get_running_loop().time())


class Breathing:
    """The breath of a loop that nobody waits for: the more a turn carries, the deeper it gets.

    A turn costs much the same whether it carries one message or twenty. Where turns carry one, or
    after a pause of twice a breath, it is shallow again: on an idle hub nothing waits.

    >>> breathing = Breathing()
    >>> await breathing.draw(since=began, carried=3)  # after a turn that was not full
    """

    def __init__(self) -> None:
        self._last = float("-inf")
        self._depth = BREATH

    async def draw(self, *, since: float, carried: int) -> None:
        """Wait for what is left of a breath after a turn that began at ``since``."""
        await breathe(since=since, depth=self.depth(since=since, carried=carried))

    def depth(self, *, since: float, carried: int) -> float:
        """Return the seconds from the begin of this turn to the next."""
        is_steady = carried > 1 and since - self._last < 2 * self._depth
        self._depth = min(2 * self._depth, DEEPEST) if is_steady else BREATH
        self._last = since
        return self._depth
