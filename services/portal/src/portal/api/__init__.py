"""The pages, by what people do on them."""

from fastapi import APIRouter

from portal.api import (
    connection_requests,
    connections,
    consolidations,
    dispatches,
    entry,
    help,
    ledger,
    lifting,
    reviews,
    sign_in,
    suspensions,
    telling,
    work,
)

router = APIRouter()
PARTS = (
    sign_in,
    work,
    entry,
    reviews,
    consolidations,
    suspensions,
    lifting,
    dispatches,
    connections,
    connection_requests,
    telling,
    ledger,
    help,
)
for part in PARTS:
    router.include_router(part.router)
