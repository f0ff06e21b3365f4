"""Every read of connector-gateway, by noun."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from contracts.calendar import ZONE


def _local(moment: object) -> object:
    return moment.astimezone(ZONE) if isinstance(moment, datetime) else moment


LocalMoment = Annotated[datetime, BeforeValidator(_local)]
"""A moment as people see it: with the offset of Asia/Ho_Chi_Minh."""


class View(BaseModel):
    """The base of answers."""
