"""What submissions is told by its environment: what every service is told."""

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of submissions, ``SUBMISSIONS_…`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="SUBMISSIONS_")
