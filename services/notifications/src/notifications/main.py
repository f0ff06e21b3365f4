"""The composition root of notifications."""

from fastapi import FastAPI

from chassis.app import Doors, create_service
from notifications import api
from notifications.consumers import consumers
from notifications.jobs import jobs
from notifications.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Build notifications from its settings."""
    doors = Doors(
        "notifications",
        "notifications",
        routers=[api.router],
        public_routers=[api.public_router],
        consumers=consumers,
        jobs=jobs,
        json_bytes=16 * 1024,
    )
    return create_service(settings, doors)


def app() -> FastAPI:
    """Build notifications from the environment."""
    return create_app(Settings())
