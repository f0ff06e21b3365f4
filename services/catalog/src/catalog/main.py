"""The composition root of catalog."""

from fastapi import FastAPI

from catalog import api
from catalog.consumers import consumers
from catalog.jobs import jobs
from catalog.settings import Settings
from chassis.app import Doors, create_service


def create_app(settings: Settings) -> FastAPI:
    """Build catalog from its settings."""
    doors = Doors(
        "catalog",
        "catalog",
        routers=[api.router],
        consumers=consumers,
        jobs=jobs,
        json_bytes=2 << 20,
    )
    return create_service(settings, doors)


def app() -> FastAPI:
    """Build catalog from the environment."""
    return create_app(Settings())
