"""What the portal is told by its environment."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of the portal, ``PORTAL_…`` in the environment; it has no database."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_")

    origin: str = "http://localhost:8080"
    """Where the public API and the portal itself are reached: the gateway."""
    secret: str
    """At least 32 random characters; the key of the session cookie is derived from it."""
    traces_file: Path | None = None
    trace_ratio: float = 1.0
    log_level: str = "INFO"
