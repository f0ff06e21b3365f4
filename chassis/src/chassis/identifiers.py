"""New ids: uuid7, so that rows and messages sort by the time they were made."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new time-ordered id (RFC 9562)."""
    return uuid7()


def first_id_of(moment: datetime) -> UUID:
    """Return an id before which every id made earlier than ``moment`` sorts.

    >>> first_id_of(datetime.fromisoformat("2026-06-15T08:00:00+07:00")).version
    7
    """
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (0b10 << 62))
