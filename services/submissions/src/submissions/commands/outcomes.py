"""What became of a delivery, in the words of its receipt."""

from collections.abc import Iterable
from datetime import datetime

from chassis.problems import Texts
from contracts.submissions.v1 import DeliveryOutcome, DeliveryProcessed, Rejection, ReportOutcome
from contracts.text import FORBIDDEN
from submissions.domain.deliveries.checks import Bad
from submissions.domain.deliveries.intake import Outcome, Taken

LONGEST_ECHO = 60
MOST_IN_FULL = 2000
"""Rejections told in full; of the others only place and rule, so that a receipt always travels."""

TEXTS = Texts("submissions")


def event_of(outcome: Outcome, *, now: datetime) -> DeliveryProcessed:
    """Say what became of a delivery, every figure that was not taken with its place."""
    arrival = outcome.arrival
    return DeliveryProcessed(
        receipt_id=arrival.receipt_id,
        connection=arrival.connection,
        outcome=DeliveryOutcome.REFUSED if outcome.refused else DeliveryOutcome.COMPLETED,
        counts=outcome.counts,
        reports=[_report(taken) for taken in outcome.reports if taken.head],
        rejections=list(_rejections(outcome)),
        problem=_problem(outcome),
        processed_at=now,
    )


def _report(taken: Taken) -> ReportOutcome:
    return ReportOutcome(
        agency=echo(taken.agency),
        report=taken.head.id if taken.head else None,
        version=taken.version,
        state=taken.status.value if taken.status else None,
        counts=taken.counts,
        note=TEXTS.detail(*taken.note) if taken.note else None,
    )


def _rejections(outcome: Outcome) -> Iterable[Rejection]:
    if outcome.refused and outcome.pointer:
        yield Rejection(
            pointer=outcome.pointer,
            type=f"/problems/{outcome.refused}",
            detail=TEXTS.detail(outcome.refused, outcome.params),
        )
    for agency, bad in outcome.bad[:MOST_IN_FULL]:
        yield _rejection(outcome, agency, bad)
    for _, bad in outcome.bad[MOST_IN_FULL:]:
        yield Rejection(
            pointer=bad.figure.pointer,
            type=f"/problems/{bad.slug}",
            detail=TEXTS.title(bad.slug),
        )


def _rejection(outcome: Outcome, agency: str, bad: Bad) -> Rejection:
    figure = bad.figure
    said = {name: echo(value) for name, value in bad.params.items()}
    params = {**outcome.params, "agency": echo(agency), **said}
    return Rejection(
        pointer=figure.pointer,
        agency=echo(agency),
        row=echo(figure.row),
        column=echo(figure.column),
        value=echo(figure.value),
        type=f"/problems/{bad.slug}",
        detail=TEXTS.detail(bad.slug, params),
    )


def _problem(outcome: Outcome) -> dict[str, str] | None:
    if outcome.refused is None:
        return None
    return {
        "type": f"/problems/{outcome.refused}",
        "title": TEXTS.title(outcome.refused),
        "detail": TEXTS.detail(outcome.refused, {**outcome.params, "agency": "…"}),
    }


def echo(value: object) -> str:
    """Return what somebody sent so that it can be shown: short, and nothing invisible."""
    text = str(value)
    shown = FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text[:LONGEST_ECHO])
    return f"{shown}…" if len(text) > LONGEST_ECHO else shown
