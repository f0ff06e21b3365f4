"""What connector-gateway is told by its environment, beside what every service is told."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


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
    dispatch_slots: int = 50
    """Dispatches that one worker sends at the same time."""

    @property
    def private_targets(self) -> frozenset[str]:
        """Return the private receivers that are allowed."""
        return frozenset(filter(None, map(str.strip, self.allowed_private_targets.split(","))))
