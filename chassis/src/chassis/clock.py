"""The time of the hub: read once at the edge and passed in from there."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends
from pydantic import AfterValidator

from contracts.calendar import ZONE

__all__ = ["ZONE", "Moment", "Now", "at_request", "now"]


def now() -> datetime:
    """Return this moment in Asia/Ho_Chi_Minh."""
    return datetime.now(ZONE)


async def at_request() -> datetime:
    """Return this moment to an endpoint; a plain function would cost a hop to a thread."""
    return now()


Now = Annotated[datetime, Depends(at_request)]
"""The moment of a request, for an endpoint's signature."""

Moment = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(ZONE))]
"""A moment in an answer: the database gives UTC, people and systems are shown +07:00."""
