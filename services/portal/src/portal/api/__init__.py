"""The pages, by what people do on them."""

from fastapi import APIRouter

from portal.api import connections, consolidations, entry, help, reviews, sign_in, work

router = APIRouter()
for part in (sign_in, work, entry, reviews, consolidations, connections, help):
    router.include_router(part.router)
