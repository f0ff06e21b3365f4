"""Every read of notifications, by noun."""

from collections.abc import Callable
from typing import Any

from chassis.paging import InvalidCursor, decode


def keys_of(after: str, *kinds: Callable[[str], Any]) -> list[Any]:
    """Read a cursor of this service; raises ``InvalidCursor`` where it is none."""
    try:
        return [kind(str(key)) for kind, key in zip(kinds, decode(after), strict=True)]
    except ValueError as why:
        raise InvalidCursor from why
