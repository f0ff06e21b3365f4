"""The composition root of accounts."""

from fastapi import FastAPI

from accounts import api
from accounts.commands.accounts import issue_first_administrator
from accounts.commands.keys import announce_keys, signer_of
from accounts.consumers import consumers
from accounts.jobs import jobs
from accounts.settings import Settings
from chassis.app import Doors, create_service


def create_app(settings: Settings) -> FastAPI:
    """Build accounts from its settings."""
    doors = Doors(
        "accounts",
        "accounts",
        routers=[api.router],
        public_routers=[api.public_router],
        consumers=consumers,
        jobs=jobs,
        on_start=[announce_keys, issue_first_administrator],
        json_bytes=1 << 20,
    )
    app = create_service(settings, doors)
    app.state.signer = signer_of(settings.signing_key_file)
    return app


def app() -> FastAPI:
    """Build accounts from the environment."""
    return create_app(Settings())
