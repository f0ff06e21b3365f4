"""What is said to and by notifications, version 1: public notices."""

from datetime import datetime
from uuid import UUID

from contracts.event import Event
from contracts.topics import NOTICES, NOTIFICATION_COMMANDS


class PublishNotice(
    Event, type="notifications.notice.publish.v1", topic=NOTIFICATION_COMMANDS, key="notice_id"
):
    """Command: make a public notice (thông báo công khai) visible (Điều 8.2, 8.3)."""

    notice_id: UUID
    subject: str
    """What it is about: the id of the suspension order."""
    kind: str
    """``suspension`` | ``lift`` | ``extension``."""
    ground: str
    """``MAINTENANCE`` | ``FORCE_MAJEURE`` | ``SECURITY_RISK`` (Điều 8.1a, b, c)."""
    scope: str
    """In words: which connections."""
    public_reason: str
    effective_at: datetime
    expected_end: datetime | None = None
    requested_at: datetime


class NoticePublished(
    Event, type="notifications.notice.published.v1", topic=NOTICES, key="notice_id"
):
    """A notice is visible to everyone from ``visible_at`` on; ground a counts from then."""

    notice_id: UUID
    subject: str
    visible_at: datetime
