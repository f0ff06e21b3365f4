"""Mails on their way: kept until the mail server has taken them, tried again when it has not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from notifications.domain import Table
from notifications.errors import MailHasNotFailed

LEASE = timedelta(seconds=60)
"""How long a process that took a mail up may keep it from the others."""
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)


class MailState(StrEnum):
    """Where a mail is."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Template(StrEnum):
    """What a mail is made from: ``templates/<name>-mail.txt`` and ``.html``."""

    NOTICE = "notice"
    MESSAGE = "message"
    DIGEST = "digest"


class Fate(StrEnum):
    """What the mail server said to one mail."""

    TAKEN = "taken"
    REFUSED_FOR_NOW = "refused for now"
    REFUSED_FOR_GOOD = "refused for good"
    NOT_OFFERED = "not offered"
    """There was no server to offer it to; that is no fault of the mail."""


@dataclass(frozen=True)
class Content:
    """What a mail says: its subject, and what fills its template when it leaves."""

    subject: str
    template: Template
    facts: dict[str, Any]


class Mail(Table, table=True):
    """A mail to one recipient; its id makes its Message-ID, so that a repeat is recognised."""

    __tablename__ = "mails"

    id: UUID = Field(primary_key=True)
    recipient: str
    subject: str
    template: Template = Field(sa_type=Text)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    """What fills the template; it becomes text when the mail leaves."""
    state: MailState = Field(default=MailState.QUEUED, sa_type=Text)
    attempts: int = 0
    last_error: str | None = None
    next_attempt_at: datetime = Field(sa_type=DateTime(timezone=True))
    queued_at: datetime = Field(sa_type=DateTime(timezone=True))
    leaves_at: datetime = Field(sa_type=DateTime(timezone=True))
    """Not before; later than ``queued_at`` where it waits for quiet hours to end."""
    give_up_at: datetime = Field(sa_type=DateTime(timezone=True))
    sent_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    @classmethod
    def queue(
        cls,
        id: UUID,
        content: Content,
        *,
        to: str,
        now: datetime,
        leaves_at: datetime | None = None,
    ) -> "Mail":
        """Return a mail that leaves now, or at ``leaves_at``."""
        leaves_at = leaves_at or now
        return cls(
            id=id,
            recipient=to,
            subject=content.subject,
            template=content.template,
            facts=content.facts,
            next_attempt_at=leaves_at,
            queued_at=now,
            leaves_at=leaves_at,
            give_up_at=leaves_at + GIVE_UP_AFTER,
        )

    def take_up(self, *, now: datetime) -> None:
        """Keep it from other processes while this one offers it to the server."""
        self.next_attempt_at = now + LEASE

    def note(self, fate: Fate, why: str | None = None, *, now: datetime) -> None:
        """Note what the server said; where it may change its mind, try again, ever later."""
        self.last_error = why
        if fate is Fate.NOT_OFFERED:
            self.next_attempt_at = now
            return
        self.attempts += 1
        if fate is Fate.TAKEN:
            self.state, self.sent_at = MailState.SENT, now
        elif fate is Fate.REFUSED_FOR_GOOD or now >= self.give_up_at:
            self.state = MailState.FAILED
        else:
            doubled = timedelta(seconds=2 ** min(self.attempts, 12))
            self.next_attempt_at = now + min(LONGEST_PAUSE, doubled)

    def retry(self, *, now: datetime) -> None:
        """Try a mail again that was given up, as if it were new; keep what was said of it."""
        if self.state != MailState.FAILED:
            raise MailHasNotFailed(mail=self.id, state=self.state)
        self.state, self.attempts = MailState.QUEUED, 0
        self.next_attempt_at, self.give_up_at = now, now + GIVE_UP_AFTER
