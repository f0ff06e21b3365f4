"""Alive, ready, measured: three addresses that every process answers, outside the public API."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from chassis.database import Database

router = APIRouter(include_in_schema=False)

Check = Callable[[Any], Awaitable[str | None]]
"""Takes the application's state; returns why it is not ready, or None."""


@router.get("/livez")
async def alive() -> dict[str, str]:
    """Say that the process answers at all."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """Say whether this process can do its work now, and if not, what it waits for."""
    waits = {}
    for name, check in request.app.state.checks.items():
        why = await check(request.app.state)
        if why:
            waits[name] = why
    return JSONResponse({"ready": not waits, "waits": waits}, 503 if waits else 200)


@router.get("/metrics")
async def metrics() -> Response:
    """Return the metrics of this process in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def database_answers(state: Any) -> str | None:
    """Check that the database answers."""
    database: Database = state.database
    try:
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as why:
        return type(why).__name__
    return None


async def keys_arrived(state: Any) -> str | None:
    """Check that tokens can be checked."""
    database: Database = state.database
    try:
        async with database.engine.connect() as connection:
            found = await connection.execute(text("SELECT 1 FROM known_keys LIMIT 1"))
    except Exception as why:
        return type(why).__name__
    return None if found.first() else "no public key yet"


async def readers_assigned(state: Any) -> str | None:
    """Check that every consumer of this process has joined its group."""
    for subscriber in state.broker.subscribers:
        consumer = subscriber.consumer
        if consumer is None or not consumer.assignment():
            return f"{subscriber.group_id} has no partition"
    return None
