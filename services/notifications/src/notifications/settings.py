"""What notifications is told by its environment beyond what every service is told."""

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of notifications, ``NOTIFICATIONS_…`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    smtp_host: str
    smtp_port: int
    mail_from: str = "khong-tra-loi@baocao.bacgiang.gov.vn"
    reader_url: str | None = None
    """The gateway as this process reaches it, to read notices as the public does; else origin."""
