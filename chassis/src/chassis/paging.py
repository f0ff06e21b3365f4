"""Lists in pages by keyset: ``?limit=&after=`` in, ``{"items", "next"}`` out."""

import base64
import binascii
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel

from chassis.errors import Invalid

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=500, description="Most items of a page")]
After = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]


class InvalidCursor(Invalid):
    """``after`` is not a cursor that a page before this one gave."""

    slug = "invalid-cursor"


class Page(BaseModel, Generic[T]):
    """A page of a list; ``next`` is the cursor of the page after it, None on the last."""

    items: list[T]
    next: str | None = None


def encode(*keys: str | int) -> str:
    """Return the cursor that stands after the row with ``keys``."""
    return base64.urlsafe_b64encode(orjson.dumps(keys)).decode().rstrip("=")


def decode(cursor: str, keys_wanted: int | None = None) -> list[str | int]:
    """Read a cursor of ``keys_wanted`` keys; raises ``InvalidCursor``."""
    try:
        keys = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as why:
        raise InvalidCursor from why
    if not isinstance(keys, list) or not all(isinstance(key, str | int) for key in keys):
        raise InvalidCursor
    if "\0" in "".join(map(str, keys)) or len(keys) != (keys_wanted or len(keys)):
        raise InvalidCursor
    return keys
