"""The policy of a connection (chính sách kết nối, Điều 3.5): from where, in which form, how much.

What it may push about stands in its grants; both are read from the row that a push locks.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from connector_gateway.domain.connections import Connection, Grants, WhileSuspended
from connector_gateway.domain.contents import CSV, JSON, XLSX
from connector_gateway.domain.detectors import Detector
from connector_gateway.domain.ledger import canonical
from connector_gateway.domain.quotas import Quota
from connector_gateway.errors.policies import FormatNotAllowed, IpNotAllowed


class Format(StrEnum):
    """A form in which figures may be pushed."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class Signing(StrEnum):
    """Whether pushes must be signed (RFC 9421)."""

    OPTIONAL = "optional"
    REQUIRED = "required"


FORMATS = {JSON: Format.JSON, CSV: Format.CSV, XLSX: Format.XLSX}
"""Formats by media type."""


def network(said: str) -> str:
    """Return a network (CIDR) or a single address in its one spelling; raises ``ValueError``.

    >>> network("2001:DB8::/32"), network("203.0.113.7")
    ('2001:db8::/32', '203.0.113.7/32')
    """
    return str(ip_network(said))


@dataclass(frozen=True)
class Policy:
    """What holds for every push of a connection; by default nothing is forbidden."""

    formats: Sequence[Format] = tuple(Format)
    networks: Sequence[str] | None = None
    """From which it may be used (CIDR); None: from anywhere."""
    quota: Quota = field(default_factory=Quota)
    signed: Signing = Signing.OPTIONAL

    def to_text(self) -> str:
        """Return the policy as the connection's row keeps it."""
        return canonical(asdict(self))

    @classmethod
    def from_text(cls, text: str | None) -> "Policy":
        """Read a policy that a row keeps; without one, nothing is forbidden."""
        return _read(text) if text else NOTHING_FORBIDDEN

    @property
    def is_limited(self) -> bool:
        """Say whether there is a quota to be kept."""
        return self.quota.deliveries_per_minute is not None or self.quota.bytes_per_day is not None

    @cached_property
    def _networks(self) -> list[IPv4Network | IPv6Network]:
        return [ip_network(one) for one in self.networks or ()]

    def refuse_source(self, address: str) -> None:
        """Raise ``IpNotAllowed`` for an address outside the networks."""
        if self.networks is not None and not self._has(address):
            raise IpNotAllowed(address=address)

    def _has(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in one for one in self._networks)

    def refuse_format(self, content_type: str) -> None:
        """Raise ``FormatNotAllowed`` for a form that is not among the formats."""
        if FORMATS[content_type] not in self.formats:
            raise FormatNotAllowed(format=FORMATS[content_type], allowed=", ".join(self.formats))


NOTHING_FORBIDDEN = Policy()


@lru_cache(maxsize=1024)
def _read(text: str) -> Policy:
    kept = json.loads(text)
    return Policy(
        formats=tuple(Format(one) for one in kept["formats"]),
        networks=kept["networks"],
        quota=Quota(**kept["quota"]),
        signed=Signing(kept["signed"]),
    )


@dataclass(frozen=True)
class Terms:
    """Everything that operators set for a connection at once."""

    policy: Policy
    grants: Grants
    while_suspended: WhileSuspended
    suspends_automatically: Sequence[Detector] = ()
    """Detectors that may stop the connection (Điều 8.1c)."""

    @classmethod
    def of(cls, connection: Connection) -> "Terms":
        """Return what holds for a connection."""
        return cls(
            Policy.from_text(connection.policy),
            Grants.from_text(connection.grants),
            connection.while_suspended,
            connection.suspends_automatically,
        )

    def to_text(self) -> str:
        """Return the terms as the ledger writes them."""
        told = asdict(self.policy) | asdict(self.grants)
        told["while_suspended"] = self.while_suspended
        return canonical(told | {"suspends_automatically": list(self.suspends_automatically)})
