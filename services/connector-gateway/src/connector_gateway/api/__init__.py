"""HTTP into connector-gateway: its routers, the busiest first."""

from connector_gateway.api import (
    code_maps,
    connections,
    credentials,
    deliveries,
    ledger,
    ledger_exports,
    policies,
    receipts,
    suspensions,
    systems,
    timelines,
    tokens,
)

PARTS = (
    deliveries,
    receipts,
    tokens,
    systems,
    connections,
    credentials,
    timelines,
    policies,
    code_maps,
    suspensions,
    ledger,
    ledger_exports,
)
routers = [part.router for part in PARTS]
public_routers = [tokens.public_router, ledger.public_router]
