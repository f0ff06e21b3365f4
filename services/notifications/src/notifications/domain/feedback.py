"""What users find difficult (phản ánh khó khăn, vướng mắc): sent, answered, grouped (Điều 13.3)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from contracts.accounts.v1 import Role
from notifications.domain import Table
from notifications.domain.messages import Audience, Message, worded
from notifications.errors import FeedbackIsAnswered


class FeedbackState(StrEnum):
    """Where a feedback is."""

    WAITING = "waiting"
    ANSWERED = "answered"


class Feedback(Table, table=True):
    """One difficulty that a user met, and what the operator answered."""

    __tablename__ = "feedbacks"

    id: UUID = Field(primary_key=True)
    account_id: UUID
    author_name: str
    agency: str
    text: str
    page: str
    """The place in the portal where the user met it, as a path."""
    topic: str | None = None
    """By which the operator groups what is to be reported together; None while ungrouped."""
    contact: str | None = None
    sent_at: datetime = Field(sa_type=DateTime(timezone=True))
    answer: str | None = None
    answered_by: UUID | None = None
    answered_by_name: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    @property
    def state(self) -> FeedbackState:
        """Return where it is."""
        return FeedbackState.ANSWERED if self.answered_at else FeedbackState.WAITING

    def give(self, answer: str, *, by: UUID, by_name: str, now: datetime) -> None:
        """Answer it once; raises ``FeedbackIsAnswered``."""
        if self.answered_at:
            raise FeedbackIsAnswered(feedback=self.id)
        self.answer, self.answered_at = answer, now
        self.answered_by, self.answered_by_name = by, by_name


def sent(feedback: Feedback) -> Message:
    """Tell operators what a user found difficult."""
    to = Audience(roles=(Role.OPERATOR,))
    return worded("feedback-sent", _facts(feedback), to=to)


def answered(feedback: Feedback) -> Message:
    """Tell the author, and nobody else, what was answered."""
    to = Audience(account_id=feedback.account_id)
    return worded("feedback-answered", _facts(feedback), to=to)


def _facts(feedback: Feedback) -> Mapping[str, object]:
    return feedback.model_dump(
        include={"id", "author_name", "page", "text", "answer", "answered_by_name"}
    )
