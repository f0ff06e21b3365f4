"""Inboxes of the portal: what a person should know, with a way to the place of work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from notifications.domain import Table


class InboxItem(Table, table=True):
    """One thing told to one person."""

    __tablename__ = "inbox_items"

    id: UUID = Field(primary_key=True)
    account_id: UUID
    kind: str
    subject: str
    body: str
    link: str
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    read_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    def read(self, *, now: datetime) -> None:
        """Note that the person has read it; the first time counts."""
        self.read_at = self.read_at or now
