"""HTTP in: assignments, reports, reviews, standing approvals, consolidations, dry runs."""

from fastapi import APIRouter

from submissions.api import (
    assignments,
    consolidations,
    dry_runs,
    forwarded,
    reports,
    reviews,
    standing_approvals,
)

router = APIRouter()
for part in (
    assignments,
    reviews,
    reports,
    standing_approvals,
    consolidations,
    forwarded,
    dry_runs,
):
    router.include_router(part.router)
