"""Sending what a connected system pushed, where the head has let it (Điều 7.3, 9.2)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.identifiers import new_id
from chassis.outbox import publish
from submissions.commands.reports import refuse_broken_rules, submitted_event
from submissions.domain.approvals import Approval, StandingApproval
from submissions.domain.deliveries.intake import Outcome, Taken
from submissions.domain.deliveries.shapes import Delivery
from submissions.domain.reports import Report, Status
from submissions.errors import RuleViolated
from submissions.queries import reports, standing_approvals


async def send_where_asked(session: AsyncSession, outcome: Outcome, *, now: datetime) -> None:
    """Send each report of a delivery that asks for it; what stays a draft gets a note why."""
    content = outcome.arrival.content
    if not isinstance(content, Delivery) or not content.submit or outcome.refused:
        return
    for taken in outcome.reports:
        if taken.head and taken.head.version and taken.status is not None:
            await _send(session, outcome, content.regime, taken, now=now)


async def _send(
    session: AsyncSession, outcome: Outcome, regime: str, taken: Taken, *, now: datetime
) -> None:
    head, arrival = taken.head, outcome.arrival
    if head is None:
        return
    if taken.counts.rejected:
        taken.note = ("waits-for-correction", {"count": taken.counts.rejected, "rules": "…"})
        return
    standing = await standing_approvals.in_force(session, head.unit, regime, arrival.connection)
    if standing is None or not standing.is_valid_on(arrival.received_at.date()):
        taken.note = ("waits-for-approval", {})
        return
    report = await session.get(Report, head.id, populate_existing=True)
    if report is None:
        return
    try:
        await refuse_broken_rules(session, report)
    except RuleViolated as why:
        said = "; ".join(dict.fromkeys(str(place.detail) for place in why.errors))
        taken.note = ("waits-for-correction", {"count": len(why.errors), "rules": said})
        return
    given = await reports.approvals_of(session, report)
    if not any(one.approved_by == standing.given_by for one in given):
        session.add(_approval(report, standing, now=now))
    report.approve(standing.given_by)
    report.submit(now=arrival.received_at)
    await session.flush()
    head.status, head.revision = Status(report.status), report.revision
    taken.status = head.status
    publish(session, submitted_event(report, now=now), traceparent=arrival.traceparent)


def _approval(report: Report, standing: StandingApproval, *, now: datetime) -> Approval:
    return Approval(
        id=new_id(),
        report_id=report.id,
        version=report.version,
        approved_by=standing.given_by,
        approver_name=standing.giver_name,
        approved_at=now,
    )
