"""The pages, by what people do on them."""

from fastapi import APIRouter

from portal.api import (
    connections,
    consolidations,
    entry,
    help,
    ledger,
    reviews,
    sign_in,
    suspensions,
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
    ledger,
    help,
)
for part in PARTS:
    router.include_router(part.router)
