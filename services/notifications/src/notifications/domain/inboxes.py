"""Inboxes of the portal: what people of an agency should know, with a way to the place of work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from notifications.domain import Table


class InboxItem(Table, table=True):
    """One thing told to everyone of ``roles`` in ``agency`` (in any agency when None).

    It is written once for all of them and each finds it by the roles of the own token: whoever is
    told need not be known here yet. What concerns one person alone has an ``account_id`` instead.
    """

    __tablename__ = "inbox_items"

    id: UUID = Field(primary_key=True)
    kind: str
    subject: str
    body: str
    link: str
    agency: str | None
    roles: list[str] = Field(sa_type=ARRAY(Text))
    account_id: UUID | None = None
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class Reading(Table, table=True):
    """That a person has read an item; the first time counts."""

    __tablename__ = "readings"

    account_id: UUID = Field(primary_key=True)
    item_id: UUID = Field(primary_key=True)
    read_at: datetime = Field(sa_type=DateTime(timezone=True))
