"""HTTP into connector-gateway: its routers, and who may use them."""

from fastapi import APIRouter

from connector_gateway.api import (
    connections,
    deliveries,
    ledger,
    suspensions,
    systems,
    tokens,
)

router = APIRouter()
for part in (deliveries, tokens, systems, connections, suspensions, ledger):  # busiest first
    router.include_router(part.router)
public_router = tokens.public_router
