"""Which systems may be called: public ones over https or SSH, private ones only by name.

The guard against requests that somebody else would send through the hub (SSRF).
"""

import ipaddress
from collections.abc import Set
from dataclasses import dataclass
from urllib.parse import urlsplit

from connector_gateway.errors.connections import TargetNotAllowed

HTTPS = 443
INSIDE = (".local", ".internal", ".localhost")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address."""


@dataclass(frozen=True)
class Target:
    """The address of a system that is called."""

    url: str
    host: str
    port: int
    is_private_by_permission: bool

    @classmethod
    def parse(cls, url: str, permitted: Set[str]) -> "Target":
        """Read an address; ``permitted`` are ``host:port`` that may be private and plain http.

        >>> Target.parse("https://nhan.example.vn/hook", frozenset()).host
        'nhan.example.vn'
        """
        try:
            parts = urlsplit(url)
            port = parts.port or (HTTPS if parts.scheme == "https" else 80)
        except ValueError as why:
            raise TargetNotAllowed(url=url) from why
        host = parts.hostname or ""
        if not host or parts.username or parts.fragment or parts.scheme not in ("http", "https"):
            raise TargetNotAllowed(url=url)
        is_permitted = f"{host}:{port}" in permitted
        if not is_permitted and (parts.scheme != "https" or not _may_be_public(host)):
            raise TargetNotAllowed(url=url)
        return cls(url, host, port, is_permitted)

    @classmethod
    def of_server(cls, host: str, port: int, permitted: Set[str]) -> "Target":
        """Check a server that proves itself by a pinned key instead of https."""
        name = f"{host}:{port}"
        if name not in permitted and not _may_be_public(host):
            raise TargetNotAllowed(url=name)
        return cls(name, host, port, name in permitted)


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        is_odd = host.rpartition(".")[2].isdigit()  # 127.1, 0177.0.0.1: resolvers take them
        return "." in host and not is_odd and not host.endswith(INSIDE)


def is_public(address: str) -> bool:
    """Say whether an IP address is reachable by everyone; raises ``ValueError`` for a name."""
    ip = ipaddress.ip_address(address.split("%")[0])
    within = _carried_in(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    if within is not None:
        ip = within
    return ip.is_global and not ip.is_multicast


def _carried_in(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which an IPv6 one leads: mapped, 6to4, Teredo or NAT64."""
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
