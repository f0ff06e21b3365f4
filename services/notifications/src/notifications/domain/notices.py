"""Public notices (thông báo công khai): visible to everyone, for good (Điều 8.2, 8.3)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from notifications.domain import Table


class Notice(Table, table=True):
    """A notice; ``visible_at`` proves from when everyone could read it (ground a counts so)."""

    __tablename__ = "notices"

    id: UUID = Field(primary_key=True)
    subject: str
    kind: str
    ground: str
    scope: str
    public_reason: str
    effective_at: datetime = Field(sa_type=DateTime(timezone=True))
    expected_end: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    requested_at: datetime = Field(sa_type=DateTime(timezone=True))
    visible_at: datetime = Field(sa_type=DateTime(timezone=True))


class Subscriber(Table, table=True):
    """Whoever asked to get notices by mail."""

    __tablename__ = "subscribers"

    email: str = Field(primary_key=True)
    subscribed_at: datetime = Field(sa_type=DateTime(timezone=True))
