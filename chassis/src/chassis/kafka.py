"""How messages look on Kafka: CloudEvents 1.0 in binary mode, and a producer that loses nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaProducer, ConsumerRecord

from contracts.headers import REQUIRED, SPEC_VERSION, header_name


class Unreadable(ValueError):
    """A Kafka record that is no message; ``reason`` is the slug of its dead letter."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Envelope:
    """A message as it came: who said it when, and its value still as bytes."""

    id: str
    type: str
    source: str
    time: datetime
    key: str
    body: bytes
    headers: Mapping[str, str]
    """Every header; extensions of a message that travels as bytes are ``ce_<field>``."""
    traceparent: str | None
    topic: str
    partition: int
    offset: int

    def extension(self, name: str) -> str:
        """Return the fact ``name`` that rides in a header."""
        return self.headers[header_name(name)]


def open_envelope(record: ConsumerRecord) -> Envelope:
    """Read a Kafka record; raise ``Unreadable`` with the reason of its dead letter."""
    try:
        headers = {name: value.decode() for name, value in record.headers}
    except (UnicodeDecodeError, AttributeError) as why:
        raise Unreadable("unreadable-headers", str(why)) from why
    missing = [name for name in REQUIRED if name not in headers]
    if missing:
        raise Unreadable("missing-headers", ", ".join(missing))
    if headers["ce_specversion"] != SPEC_VERSION:
        raise Unreadable("unknown-version", f"specversion {headers['ce_specversion']}")
    try:
        time = datetime.fromisoformat(headers["ce_time"])
    except ValueError as why:
        raise Unreadable("unreadable-headers", str(why)) from why
    return Envelope(
        id=headers["ce_id"],
        type=headers["ce_type"],
        source=headers["ce_source"],
        time=time,
        key=(record.key or b"").decode(errors="replace"),
        body=record.value or b"",
        headers=headers,
        traceparent=headers.get("traceparent"),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )


def type_of(record: ConsumerRecord) -> str:
    """Return the type that a record says it has, readable or not."""
    found = dict(record.headers).get("ce_type") or b"unknown"
    return found.decode(errors="replace")


def new_producer(bootstrap: str, *, client_id: str) -> AIOKafkaProducer:
    """Return a producer that waits for every replica and never doubles a send."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        max_request_size=9 << 20,
        max_batch_size=1 << 20,
        request_timeout_ms=20_000,
    )
