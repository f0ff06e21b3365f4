"""What accounts is told by its environment beyond what every service is told."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of accounts, ``ACCOUNTS_…`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="ACCOUNTS_")

    signing_key_file: Path
    """Ed25519 private key (PKCS 8, PEM) with which access tokens are signed."""
    bootstrap_password: SecretStr | None = None
    """Password of the first administrator, used only while there is no account at all."""
    bootstrap_agency: str = "STTTT"
    """Agency of the first administrator: the operator of the hub (Sở TT&TT)."""
