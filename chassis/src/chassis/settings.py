"""What every service is told by its environment; a service adds only what is its own."""

from enum import StrEnum
from pathlib import Path

from pydantic_settings import BaseSettings


class Role(StrEnum):
    """Which doors of a service a process opens."""

    API = "api"
    WORKER = "worker"
    ALL = "all"


class ServiceSettings(BaseSettings):
    """Settings of one process; the prefix of the environment is the service's name.

    >>> class Settings(ServiceSettings):
    ...     model_config = SettingsConfigDict(env_prefix="CATALOG_")
    """

    database_url: str
    """``postgresql://user:password@host:port/database``"""
    kafka_bootstrap: str
    """``host:port`` of one broker or more, comma-separated."""
    origin: str = "http://localhost:8080"
    """What people and systems see: the gateway's address."""
    role: Role = Role.ALL
    database_pool: int = 10
    kafka_instance_id: str | None = None
    """Static membership (KIP-345): a name that this process keeps over restarts."""
    traces_file: Path | None = None
    """Where finished spans go, one JSON a line; nowhere when unset."""
    trace_ratio: float = 1.0
    """Share of new traces that are kept, 0 to 1."""
    log_level: str = "INFO"

    @property
    def has_api(self) -> bool:
        """Say whether this process answers HTTP requests of clients."""
        return self.role is not Role.WORKER

    @property
    def has_worker(self) -> bool:
        """Say whether this process runs consumers, relay and jobs."""
        return self.role is not Role.API
