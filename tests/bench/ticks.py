"""A small service that takes ticks: what the backbone does where the work is next to nothing.

``python -m tests.bench.ticks`` runs it as a worker until SIGTERM, told like any service by
``BENCH_…``; relay, broker, reader, inbox and effect are those of every service.
"""

import asyncio
import signal

import uvloop
from pydantic_settings import SettingsConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.app import Doors, create_service
from chassis.database import raw_connection
from chassis.delivery import Consumers, Envelope
from chassis.settings import ServiceSettings
from contracts.event import Event
from contracts.topics import Topic

EFFECTS = "CREATE TABLE ticks (number bigint, at timestamptz DEFAULT clock_timestamp())"
TICKS = Topic("bench.ticks.v1", owner="portal", key="lane", readers=("portal",))
CHIMES = Topic("bench.chimes.v1", owner="portal", key="lane", readers=("portal",))


class Ticked(Event, type="bench.tick.passed.v1", topic=TICKS, key="lane"):
    """A tick passed."""

    lane: int
    number: int


class Chimed(Event, type="bench.chime.struck.v1", topic=CHIMES, key="lane"):
    """A chime was struck; chimes are read in volume."""

    lane: int
    number: int


class Settings(ServiceSettings):
    """Prefix ``BENCH_``."""

    model_config = SettingsConfigDict(env_prefix="BENCH_")


consumers = Consumers(service="portal")


@consumers.on(Ticked)
async def keep(session: AsyncSession, event: Ticked, _: Envelope) -> None:
    """Keep a tick."""
    connection = await raw_connection(session)
    await connection.execute("INSERT INTO ticks (number) VALUES ($1)", event.number)


@consumers.on_batch(Chimed, most=500)
async def keep_all(session: AsyncSession, envelopes: list[Envelope]) -> None:
    """Keep chimes, in one statement."""
    connection = await raw_connection(session)
    numbers = [Chimed.from_bytes(one.body).number for one in envelopes]
    await connection.execute("INSERT INTO ticks (number) SELECT unnest($1::bigint[])", numbers)


async def main() -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = create_service(Settings(), Doors("portal", "chassis", consumers=consumers))
    async with app.router.lifespan_context(app):
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(main())
