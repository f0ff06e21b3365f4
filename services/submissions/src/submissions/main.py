"""The composition root of submissions."""

from fastapi import FastAPI

from chassis.app import Doors, create_service
from submissions import api
from submissions.consumers import consumers
from submissions.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Build submissions from its settings."""
    return create_service(
        settings, Doors("submissions", "submissions", routers=[api.router], consumers=consumers)
    )


def app() -> FastAPI:
    """Build submissions from the environment."""
    return create_app(Settings())
