"""Digests: one mail a day of what a person was told, and only if there was something."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from contracts.calendar import ZONE
from notifications.domain import Table

DIGEST_AT = time(7)


class DigestLine(Table, table=True):
    """Something that waits for a person's next digest."""

    __tablename__ = "digest_lines"

    id: UUID = Field(primary_key=True)
    account_id: UUID
    subject: str
    body: str
    link: str
    told_at: datetime = Field(sa_type=DateTime(timezone=True))


class Digest(Table, table=True):
    """That a person had a digest on a day: the key lets no second one stand."""

    __tablename__ = "digests"

    account_id: UUID = Field(primary_key=True)
    digest_on: date = Field(primary_key=True)
    mail_id: UUID


def closed_at(now: datetime) -> datetime:
    """Return the last 07:00, Asia/Ho_Chi_Minh: what was told before it belongs to that digest.

    >>> closed_at(datetime(2026, 6, 15, 6, 59, tzinfo=ZONE)).day
    14
    """
    local = now.astimezone(ZONE)
    seven = datetime.combine(local.date(), DIGEST_AT, ZONE)
    return seven if local >= seven else seven - timedelta(days=1)
