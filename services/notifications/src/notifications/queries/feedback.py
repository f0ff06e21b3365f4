"""Reads of feedback of users: what waits first, and what a report to the province needs."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import and_, case, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import ZONE, Moment
from chassis.paging import Page, encode
from notifications.domain.feedback import Feedback, FeedbackState
from notifications.queries import keys_of
from notifications.queries.mails import Backlog

WAITING, ANSWERED = 0, 1
"""In which order a list shows them."""


class FeedbackView(BaseModel):
    """A difficulty that a user met (Điều 13.3)."""

    id: UUID
    state: FeedbackState
    author_name: str
    agency: str
    text: str
    page: str
    topic: str | None
    contact: str | None
    sent_at: Moment
    answer: str | None
    answered_by_name: str | None
    answered_at: Moment | None


class FeedbackCount(BaseModel):
    """How many were sent of a topic and page and are in a state."""

    topic: str | None
    """None: not grouped yet."""
    page: str
    state: FeedbackState
    count: int


class FeedbackSummary(BaseModel):
    """Feedback of a time, counted, as it is consolidated for the province."""

    total: int
    counts: list[FeedbackCount]


async def feedback_list(
    session: AsyncSession, *, state: FeedbackState | None, limit: int, after: str | None
) -> Page[FeedbackView]:
    """Return feedback, what waits first, then the latest first."""
    rank = case((col(Feedback.answered_at).is_(None), WAITING), else_=ANSWERED)
    statement = select(Feedback).order_by(rank, col(Feedback.id).desc()).limit(limit + 1)
    if state:
        statement = statement.where(rank == _rank(state))
    if after:
        last, last_id = keys_of(after, int, UUID)
        is_later = and_(rank == last, col(Feedback.id) < last_id)
        statement = statement.where(or_(rank > last, is_later))
    rows = list(await session.exec(statement))
    end = rows[limit - 1] if len(rows) > limit else None
    more = encode(_rank(end.state), str(end.id)) if end else None
    return Page(items=[feedback_view(row) for row in rows[:limit]], next=more)


def _rank(state: FeedbackState) -> int:
    return WAITING if state is FeedbackState.WAITING else ANSWERED


def feedback_view(row: Feedback) -> FeedbackView:
    """Shape a feedback for its author and for operators."""
    return FeedbackView.model_validate(row, from_attributes=True)


async def feedback(session: AsyncSession, feedback_id: UUID) -> Feedback | None:
    """Return a feedback."""
    return await session.get(Feedback, feedback_id)


async def feedback_for_update(session: AsyncSession, feedback_id: UUID) -> Feedback | None:
    """Return a feedback, locked."""
    return await session.get(Feedback, feedback_id, with_for_update=True)


async def feedback_sent(session: AsyncSession, first: date, last: date) -> list[FeedbackView]:
    """Return what was sent from ``first`` to ``last``, both included, the earliest first."""
    begin, end = _moments(first, last)
    statement = (
        select(Feedback)
        .where(col(Feedback.sent_at) >= begin, col(Feedback.sent_at) < end)
        .order_by(col(Feedback.id))
    )
    return [feedback_view(row) for row in await session.exec(statement)]


async def summary(session: AsyncSession, first: date, last: date) -> FeedbackSummary:
    """Count what was sent from ``first`` to ``last``, both included, the most frequent first."""
    begin, end = _moments(first, last)
    is_answered = col(Feedback.answered_at).is_not(None)
    statement = (
        select(Feedback.topic, Feedback.page, is_answered, func.count())
        .where(col(Feedback.sent_at) >= begin, col(Feedback.sent_at) < end)
        .group_by(col(Feedback.topic), col(Feedback.page), is_answered)
        .order_by(func.count().desc(), col(Feedback.topic), col(Feedback.page), is_answered)
    )
    counts = [
        FeedbackCount(
            topic=topic,
            page=page,
            state=FeedbackState.ANSWERED if was_answered else FeedbackState.WAITING,
            count=count,
        )
        for topic, page, was_answered, count in await session.exec(statement)
    ]
    return FeedbackSummary(total=sum(one.count for one in counts), counts=counts)


async def waiting(session: AsyncSession) -> Backlog:
    """Count what waits for an answer, and since when the oldest does."""
    statement = select(func.count(), func.min(col(Feedback.sent_at))).where(
        col(Feedback.answered_at).is_(None)
    )
    count, oldest = (await session.exec(statement)).one()
    return Backlog(count, oldest)


def _moments(first: date, last: date) -> tuple[datetime, datetime]:
    begin, end = (datetime.combine(day, time(), ZONE) for day in (first, last))
    return begin, end + timedelta(days=1)
