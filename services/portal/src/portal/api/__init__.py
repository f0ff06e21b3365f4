"""The pages, by what people do on them."""

from fastapi import APIRouter

from portal.api import (
    connection_requests,
    connections,
    consolidations,
    entry,
    help,
    ledger,
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
    connections,
    connection_requests,
    telling,
    ledger,
    help,
)
for part in PARTS:
    router.include_router(part.router)
