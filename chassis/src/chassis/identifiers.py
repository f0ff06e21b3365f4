"""New ids: uuid7, so that rows and messages sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new time-ordered id (RFC 9562)."""
    return uuid7()
