"""The composition root of the portal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources

import httpx
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from chassis.app import Measured
from chassis.telemetry import REQUEST_SPANS, start_telemetry, stop_telemetry
from portal import api, doorway
from portal.sessions import CookieJar, Renewals
from portal.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Build the portal from its settings."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        start_telemetry(
            "portal",
            traces_file=settings.traces_file,
            ratio=settings.trace_ratio,
            level=settings.log_level,
        )
        async with httpx.AsyncClient(base_url=settings.origin, timeout=30) as http:
            app.state.http = http
            yield
        stop_telemetry()

    app = FastAPI(title="portal", lifespan=lifespan, openapi_url=None, telemetry=REQUEST_SPANS)
    app.state.settings = settings
    app.state.jar = CookieJar(settings.secret)
    app.state.renewals = Renewals()
    app.mount("/assets", StaticFiles(directory=str(resources.files("portal") / "static")))
    app.include_router(api.router)
    doorway.guard(app)
    app.add_middleware(Measured)
    return app


def app() -> FastAPI:
    """Build the portal from the environment."""
    return create_app(Settings())
