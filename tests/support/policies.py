"""The policy of a connection as operators change it: an open one, and what differs from it."""

from typing import Any

import httpx

from tests.support.gateway import Gateway
from tests.support.partner import API

POLICY: dict[str, Any] = {
    "formats": ["json", "csv", "xlsx"],
    "regimes": None,
    "agencies": None,
    "networks": None,
    "quota": {"deliveries_per_minute": None, "burst": None, "bytes_per_day": None},
    "signed": "optional",
    "while_suspended": "reject",
    "suspends_automatically": [],
}
PATH = "/connections/qg-tthc/policy"


async def change_policy(gateway: Gateway, tag: str = '"1"', **terms: Any) -> httpx.Response:
    """Change the policy of ``qg-tthc``; ``terms`` replace those of an open one."""
    return await gateway.client.put(
        f"{API}{PATH}", json=POLICY | terms, headers=gateway.operator | {"If-Match": tag}
    )
