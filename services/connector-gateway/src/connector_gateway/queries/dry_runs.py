"""The one question to another service: what would this delivery do (decisions/0011)."""

from typing import Any

import httpx
from pydantic import ValidationError

from chassis.telemetry import current_traceparent
from connector_gateway.domain.receipts import Delivery
from connector_gateway.errors.deliveries import DryRunUnavailable
from connector_gateway.queries import View
from connector_gateway.queries.deliveries import CountsView
from contracts.submissions.v1 import DeliveryOutcome, DeliveryProcessed

PATH = "/api/submissions/v1/dry-runs"
WAIT_SECONDS = 30.0


class DryRunView(View):
    """What a receipt would say; there is none, because nothing was taken."""

    state: DeliveryOutcome
    sha256: str
    content_type: str
    size: int
    counts: CountsView
    reports: list[dict[str, Any]]
    rejections: list[dict[str, Any]]
    problem: dict[str, str] | None


async def dry_run(submissions_url: str, token: str, delivery: Delivery) -> DryRunView:
    """Ask submissions what ``delivery`` would do; raises ``DryRunUnavailable``."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": delivery.content_type,
        "Content-Encoding": delivery.content_encoding or "identity",
        "traceparent": current_traceparent() or "",
    }
    try:
        async with httpx.AsyncClient(timeout=WAIT_SECONDS, trust_env=False) as client:
            answer = await client.post(
                f"{submissions_url.rstrip('/')}{PATH}", content=delivery.body, headers=headers
            )
        answer.raise_for_status()
        said = DeliveryProcessed.model_validate_json(answer.content)
    except (httpx.HTTPError, OSError, ValidationError) as why:
        raise DryRunUnavailable(why=type(why).__name__) from why
    return DryRunView(
        state=said.outcome,
        sha256=delivery.sha256.hex(),
        content_type=delivery.content_type,
        size=len(delivery.body),
        counts=CountsView(**said.counts.model_dump()),
        reports=[one.model_dump(mode="json") for one in said.reports],
        rejections=[one.model_dump(mode="json") for one in said.rejections],
        problem=said.problem,
    )
