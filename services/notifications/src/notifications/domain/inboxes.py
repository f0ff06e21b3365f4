"""Inboxes of the portal: what a person should know, with a way to the place of work."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
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


class KnownAccount(Table, table=True):
    """A person who can be told, as accounts said."""

    __tablename__ = "known_accounts"

    id: UUID = Field(primary_key=True)
    display_name: str
    email: str | None = None
    agency: str
    roles: list[str] = Field(sa_type=JSONB)
    is_locked: bool = False


class KnownAgency(Table, table=True):
    """The name of an agency, as accounts said."""

    __tablename__ = "known_agencies"

    code: str = Field(primary_key=True)
    name: str


@dataclass(frozen=True)
class Message:
    """Something to be told to everyone of ``roles`` in ``agency`` (any agency when None)."""

    kind: str
    subject: str
    body: str
    link: str
    agency: str | None
    roles: tuple[str, ...]
