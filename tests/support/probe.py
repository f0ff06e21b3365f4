"""A small service of the tests' own: keeps what reaches it, and dies where it is told to.

``python -m tests.support.probe`` runs it as a worker until SIGTERM. ``PROBE_KILL_AT`` names a
point at which the process kills itself with SIGKILL: ``before-send`` and ``before-mark`` of the
relay, ``mid-handler`` and ``before-offset`` of the reader.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pydantic_settings import SettingsConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis import relay
from chassis.app import Doors, create_service
from chassis.clock import now
from chassis.database import raw_connection
from chassis.delivery import Consumers, Envelope
from chassis.errors import Conflict, Unavailable
from chassis.identifiers import new_id
from chassis.reader import Reader
from chassis.settings import ServiceSettings
from contracts.connector_gateway.v1 import ConnectionFlagged

EFFECTS = "CREATE TABLE IF NOT EXISTS effects (flag_id uuid, reason text, at serial)"
LONG_WORK = "SELECT pg_sleep(0.5)"
"""Of a handler that dies: whoever commits offsets by the clock has time to do so."""
consumers = Consumers(service="notifications")
DOWN = {"is_down": False}
"""Whether what the handler needs is down; a test switches it, for all or for one connection."""

STUMBLED: set[UUID] = set()
"""Flags with the reason "stumble" at which the handler has failed once."""

REFUSED = {"refuse"}
"""Reasons that the handler refuses; a test mends them."""


class Settings(ServiceSettings):
    """The probe is told like any service."""

    model_config = SettingsConfigDict(env_prefix="PROBE_")


class FlagRefused(Conflict):
    """The probe refuses on request."""

    slug = "flag-refused"


@consumers.on(ConnectionFlagged)
async def keep(session: AsyncSession, event: ConnectionFlagged, _: Envelope) -> None:
    """Keep the flag; do what its reason asks for."""
    connection = await raw_connection(session)
    if DOWN["is_down"] or DOWN.get(event.connection):
        raise Unavailable
    if event.reason in REFUSED:
        raise FlagRefused(connection=event.connection)
    if event.reason == "bug":
        raise KeyError("nobody foresaw this")
    if event.reason == "stumble" and event.flag_id not in STUMBLED:
        STUMBLED.add(event.flag_id)
        raise RuntimeError("nobody foresaw this, and it passes")
    await connection.execute(
        "INSERT INTO effects (flag_id, reason) VALUES ($1, $2)", event.flag_id, event.reason
    )


def a_flag(reason: str = "lạ", *, connection: str = "qg-tthc") -> ConnectionFlagged:
    """Return a fact for the probe to keep."""
    return ConnectionFlagged(
        connection=connection, flag_id=new_id(), reason=reason, flagged_by="t", flagged_at=now()
    )


def create_probe(database_url: str, bootstrap: str) -> FastAPI:
    """Return the probe as an application; everything is up again and "refuse" is refused."""
    DOWN.clear()
    DOWN["is_down"] = False
    REFUSED.add("refuse")
    settings = Settings(database_url=database_url, kafka_bootstrap=bootstrap, database_pool=4)
    return create_service(settings, Doors("notifications", "chassis", consumers=consumers))


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """Run the application's doors while the block lasts."""
    async with app.router.lifespan_context(app):
        yield app


async def effects(app: FastAPI) -> list[tuple[UUID, str]]:
    """Return what reached the probe, in order."""
    async with app.state.database.transaction() as session:
        connection = await raw_connection(session)
        await connection.execute(EFFECTS)
        rows = await connection.fetch("SELECT flag_id, reason FROM effects ORDER BY at")
    return [(row["flag_id"], row["reason"]) for row in rows]


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(point: str) -> None:
    """Make the named point deadly."""
    send = relay._send

    async def send_then_die(producer: Any, rows: Any) -> None:
        await send(producer, rows)
        _die()

    async def handle_then_die(session: Any, event: Any, envelope: Any) -> None:
        await keep(session, event, envelope)
        await (await raw_connection(session)).execute(LONG_WORK)
        _die()

    settle: Callable[..., Awaitable[None]] = Reader._settle

    async def settle_then_die(self: Reader, records: Any) -> None:
        await settle(self, records)
        _die()

    match point:
        case "before-send":
            relay._send = _die  # type: ignore[assignment]  # deadly on purpose
        case "before-mark":
            relay._send = send_then_die
        case "mid-handler":
            consumers.one[ConnectionFlagged.type] = (ConnectionFlagged, handle_then_die)
        case "before-offset":
            Reader._settle = settle_then_die  # type: ignore[method-assign]  # deadly on purpose


async def main() -> None:
    """Run until SIGTERM, or until the armed point."""
    _arm(os.environ.get("PROBE_KILL_AT", ""))
    settings = Settings()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running(create_probe(settings.database_url, settings.kafka_bootstrap)):
        print("ready", flush=True)  # noqa: T201 the test waits for this line
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
