"""HTTP into connector-gateway: its routers, the busiest first."""

from connector_gateway.api import (
    code_maps,
    connections,
    credentials,
    deliveries,
    dispatches,
    documents,
    flags,
    ledger,
    ledger_exports,
    policies,
    pulls,
    receipts,
    requests,
    resuming,
    subscriptions,
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
    requests,
    connections,
    credentials,
    timelines,
    policies,
    code_maps,
    flags,
    pulls,
    dispatches,
    documents,
    subscriptions,
    suspensions,
    resuming,
    ledger,
    ledger_exports,
)
routers = [part.router for part in PARTS]
public_routers = [tokens.public_router, ledger.public_router]
