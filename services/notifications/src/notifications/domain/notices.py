"""Public notices (thông báo công khai): visible to everyone, for good (Điều 8.2, 8.3)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from contracts.notifications.v1 import PublishNotice
from notifications.domain import Table
from notifications.errors import NoticeIsPublic


class Notice(Table, table=True):
    """A notice; from ``visible_at`` on it stands, and ``Sighting`` proves that it can be read."""

    __tablename__ = "notices"

    id: UUID = Field(primary_key=True)
    subject: str
    """The suspension order that it is about; all notices of an order have the same."""
    kind: str
    ground: str
    scope: str
    public_reason: str
    effective_at: datetime = Field(sa_type=DateTime(timezone=True))
    expected_end: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    requested_at: datetime = Field(sa_type=DateTime(timezone=True))
    visible_at: datetime = Field(sa_type=DateTime(timezone=True))

    @classmethod
    def publish(cls, order: PublishNotice, *, now: datetime) -> "Notice":
        """Make what was ordered visible from ``now`` on."""
        facts = order.model_dump(exclude={"notice_id"})
        return cls(**facts, id=order.notice_id, visible_at=now)

    def refuse_other_words(self, order: PublishNotice) -> None:
        """Let a repeated order pass; raise ``NoticeIsPublic`` where it says something else."""
        said = order.model_dump(exclude={"notice_id", "requested_at"})
        if any(getattr(self, name) != value for name, value in said.items()):
            raise NoticeIsPublic(notice=self.id)


class Sighting(Table, table=True):
    """The first time that a notice was read where the public reads: ground a counts from then."""

    __tablename__ = "sightings"

    notice_id: UUID = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=DateTime(timezone=True))
    """After the whole page had come."""
    url: str
    page: bytes | None
    """What was read, as it came; None for notices from before sightings were kept."""


class Subscriber(Table, table=True):
    """An address that asked to get notices by mail; ``token`` in each mail ends it."""

    __tablename__ = "subscribers"

    email: str = Field(primary_key=True)
    token: UUID
    subscribed_at: datetime = Field(sa_type=DateTime(timezone=True))
