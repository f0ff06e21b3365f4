"""Mails on their way: kept until the mail server has taken them, tried again when it has not."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlmodel import Field

from notifications.domain import Table

MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(hours=1)


class MailState(StrEnum):
    """Where a mail is."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Mail(Table, table=True):
    """A mail to one recipient; its id makes its Message-ID, so that a repeat is recognised."""

    __tablename__ = "mails"

    id: UUID = Field(primary_key=True)
    recipient: str
    subject: str
    text: str
    html: str
    state: MailState = Field(default=MailState.QUEUED, sa_type=Text)
    attempts: int = 0
    last_error: str | None = None
    next_attempt_at: datetime = Field(sa_type=DateTime(timezone=True))
    queued_at: datetime = Field(sa_type=DateTime(timezone=True))
    sent_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    def went_out(self, *, now: datetime) -> None:
        """Note that the mail server took it."""
        self.attempts += 1
        self.state = MailState.SENT
        self.sent_at = now
        self.last_error = None

    def did_not_go_out(self, why: str, *, is_final: bool, now: datetime) -> None:
        """Note a failure; try again later, doubling the pause, unless it can never work."""
        self.attempts += 1
        self.last_error = why
        if is_final or self.attempts >= MOST_ATTEMPTS:
            self.state = MailState.FAILED
            return
        pause = min(LONGEST_PAUSE, timedelta(seconds=2**self.attempts))
        self.next_attempt_at = now + pause
