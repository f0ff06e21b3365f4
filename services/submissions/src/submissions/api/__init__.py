"""HTTP in: assignments, reports, reviews, standing approvals, consolidations."""

from fastapi import APIRouter

from submissions.api import assignments, consolidations, reports, reviews, standing_approvals

router = APIRouter()
for part in (assignments, reviews, reports, standing_approvals, consolidations):
    router.include_router(part.router)
