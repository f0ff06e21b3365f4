"""Where to connect: the address that was checked is the one that is called (SSRF guard)."""

import asyncio
import socket

from connector_gateway.domain.targets import Target, is_public
from connector_gateway.errors.connections import TargetNotAllowed


async def checked_address(target: Target) -> str:
    """Return the address to connect to, so that DNS cannot change its mind after the check.

    Raises ``TargetNotAllowed`` where any address of the name is private; what is private by
    permission is called by its name.
    """
    if target.is_private_by_permission:
        return target.host
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(map(is_public, addresses)):
        raise TargetNotAllowed(url=target.url)
    return addresses[0]
