"""Taking feedback of users, answering and grouping it (Điều 13.3)."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.auth import Principal
from notifications.commands.inboxes import tell
from notifications.domain.feedback import Feedback, answered, sent
from notifications.errors import FeedbackNotFound
from notifications.queries import feedback as queries


async def send_feedback(session: AsyncSession, feedback: Feedback, *, now: datetime) -> None:
    """Take a feedback and tell operators of it."""
    session.add(feedback)
    await session.flush()
    await tell(session, [sent(feedback)], now=now)


async def answer_feedback(
    session: AsyncSession, feedback_id: UUID, answer: str, by: Principal, *, now: datetime
) -> Feedback:
    """Answer a feedback once; its author finds the answer in the own inbox.

    Raises ``FeedbackNotFound``, ``FeedbackIsAnswered``.
    """
    feedback = await _feedback(session, feedback_id)
    feedback.give(answer, by=UUID(by.subject), by_name=by.name, now=now)
    await session.flush()
    await tell(session, [answered(feedback)], now=now)
    return feedback


async def group_feedback(session: AsyncSession, feedback_id: UUID, topic: str | None) -> Feedback:
    """Put a feedback under a topic, or under none; raises ``FeedbackNotFound``."""
    feedback = await _feedback(session, feedback_id)
    feedback.topic = topic
    return feedback


async def _feedback(session: AsyncSession, feedback_id: UUID) -> Feedback:
    feedback = await queries.feedback_for_update(session, feedback_id)
    if feedback is None:
        raise FeedbackNotFound(feedback=feedback_id)
    return feedback
