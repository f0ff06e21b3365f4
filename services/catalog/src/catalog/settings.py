"""What catalog is told by its environment: what every service is told."""

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of catalog, ``CATALOG_…`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="CATALOG_")
