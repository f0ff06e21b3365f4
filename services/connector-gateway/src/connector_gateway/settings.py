"""What connector-gateway is told by its environment, beside what every service is told."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from connector_gateway.domain.held import QUARANTINE, Bound
from contracts.connector_gateway.v1 import Direction


class Settings(ServiceSettings):
    """Prefix ``CONNECTOR_GATEWAY_``."""

    model_config = SettingsConfigDict(env_prefix="CONNECTOR_GATEWAY_")

    signing_key_file: Path
    """Ed25519 key in PKCS #8 PEM: signs access tokens, webhooks and ledger roots."""
    allowed_private_targets: str = ""
    """``host:port`` list, comma-separated, of webhook receivers and pulled sources that may be
    private and plain http: for systems on the same machine or network and for tests."""
    submissions_url: str = "http://localhost:8080"
    """Where submissions answers dry runs (decisions/0011)."""
    token_seconds: int = 300
    webhook_timeout: float = 15.0
    dispatch_slots: int = 100
    """Dispatches that one worker sends at the same time."""
    held_deliveries: int = Field(default=QUARANTINE.count, ge=1)
    """Deliveries that the quarantine of one connection takes; the next one is refused."""
    held_bytes: int = Field(default=QUARANTINE.bytes, ge=1)
    """Bytes that it takes."""
    held_dispatches: int = Field(default=50_000, ge=1)
    """Held dispatches of one connection from which on the alarm rings; none is ever refused."""

    rehearses_orders: bool = False
    """Whether the process rehearses an order at its start; the one that orders go to does."""

    @property
    def private_targets(self) -> frozenset[str]:
        """Return the private receivers that are allowed."""
        return frozenset(filter(None, map(str.strip, self.allowed_private_targets.split(","))))

    def bound_of(self, direction: Direction) -> Bound:
        """Return how much may be held of one direction of a connection."""
        if direction is Direction.INBOUND:
            return Bound(self.held_deliveries, self.held_bytes)
        return Bound(self.held_dispatches)
