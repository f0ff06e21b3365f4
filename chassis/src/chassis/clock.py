"""The time of the hub: read once at the edge and passed in from there."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends

from contracts.calendar import ZONE

__all__ = ["ZONE", "Now", "now"]


def now() -> datetime:
    """Return this moment in Asia/Ho_Chi_Minh."""
    return datetime.now(ZONE)


Now = Annotated[datetime, Depends(now)]
"""The moment of a request, for an endpoint's signature."""
