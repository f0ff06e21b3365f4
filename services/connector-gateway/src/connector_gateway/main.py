"""Puts connector-gateway together."""

from fastapi import FastAPI

from chassis.app import Doors, create_service
from connector_gateway import api
from connector_gateway.commands.keys import announce_keys
from connector_gateway.commands.rehearsals import rehearse_order
from connector_gateway.consumers import consumers
from connector_gateway.jobs import jobs
from connector_gateway.queries.keys import keys_of_people_arrived
from connector_gateway.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Build the service from its settings."""
    return create_service(
        settings,
        Doors(
            "connector-gateway",
            "connector_gateway",
            routers=api.routers,
            public_routers=api.public_routers,
            consumers=consumers,
            jobs=jobs,
            on_start=[announce_keys, rehearse_order],
            checks={"keys": keys_of_people_arrived},
        ),
    )


def app() -> FastAPI:
    """Build the service from the environment; what uvicorn runs."""
    return create_app(Settings())
