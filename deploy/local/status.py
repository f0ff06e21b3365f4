"""What an operator sees of a hub: parts, ports, memory, restarts, lag of readers, outbox depth."""

import asyncio
from collections.abc import Iterable

import psutil
import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from deploy.kafka.topics import administrator
from deploy.local import keys
from deploy.local.layout import SERVICES, Hub
from deploy.local.processes import family_of
from deploy.local.record import PartRecord, Record

MEBIBYTE = 1 << 20


def show(hub: Hub, record: Record, console: Console) -> None:
    """Print the hub as a table."""
    console.print(f"{hub.origin}  {record.phase}  home {hub.home}  supervisor {record.pid}")
    console.print(_parts(record))
    console.print(_backlog(hub))


def _parts(record: Record) -> Table:
    table = Table("part", "state", "pid", "port", "memory", "restarts", box=None)
    total = memory_beside_parts(record)
    table.add_row("supervisor", "", str(record.pid), "", f"{total // MEBIBYTE} MiB", "")
    for part in record.parts:
        memory = memory_of(part)
        total += memory
        table.add_row(
            part.name,
            part.state,
            str(part.pid or ""),
            str(part.port or ""),
            f"{memory // MEBIBYTE} MiB" if memory else "",
            str(part.restarts or ""),
        )
    table.add_row("together", "", "", "", f"{total // MEBIBYTE} MiB", "")
    return table


def memory_of(part: PartRecord) -> int:
    """Return the bytes that a part and its children hold, shared pages divided among holders."""
    process = part.process()
    return sum(_memory(member) for member in family_of(process)) if process else 0


def memory_beside_parts(record: Record) -> int:
    """Return the bytes of the supervisor and of what it copies services from."""
    supervisor = record.supervisor()
    if supervisor is None:
        return 0
    parts = {part.pid for part in record.parts}
    own = [child for child in supervisor.children() if child.pid not in parts]
    return sum(_memory(process) for process in (supervisor, *own))


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


def _backlog(hub: Hub) -> Table:
    table = Table("service", "outbox", "lag", box=None)
    lags = _lags_or_why(hub)
    for service in SERVICES:
        lag = lags if isinstance(lags, str) else str(lags.get(service, 0))
        table.add_row(service, outbox_depth(hub, service), lag)
    return table


def outbox_depth(hub: Hub, service: str) -> str:
    """Return how many facts of a service wait to be sent, or why nobody can say."""
    try:
        with psycopg.connect(keys.superuser_url(hub, service), connect_timeout=3) as connection:
            found = connection.execute("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
            row = found.fetchone()
            return str(row[0]) if row else "0"
    except psycopg.Error as error:
        return type(error).__name__


def _lags_or_why(hub: Hub) -> dict[str, int] | str:
    try:
        return asyncio.run(lags(hub.kafka_bootstrap))
    except (KafkaError, OSError) as error:
        return f"Kafka: {type(error).__name__}"


async def lags(bootstrap: str) -> dict[str, int]:
    """Return for each service how many records its consumer groups have still to read."""
    async with administrator(bootstrap) as admin:
        groups = [group for group, _ in await admin.list_consumer_groups()]
        offsets = {group: await admin.list_consumer_group_offsets(group) for group in groups}
    ends = await _ends({part for known in offsets.values() for part in known}, bootstrap)
    lag: dict[str, int] = {}
    for group, known in offsets.items():
        service = group.split(".")[0]
        behind = sum(max(0, ends[part] - at.offset) for part, at in known.items())
        lag[service] = lag.get(service, 0) + behind
    return lag


async def _ends(parts: Iterable[TopicPartition], bootstrap: str) -> dict[TopicPartition, int]:
    wanted = list(parts)
    if not wanted:
        return {}
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign(wanted)
        return dict(await reader.end_offsets(wanted))
    finally:
        await reader.stop()
