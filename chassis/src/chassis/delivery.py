"""What a service listens to: its table of handlers, and the readers that run them.

How a message becomes an effect, once, or a dead letter stands in ``chassis.reader``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer, ConsumerRecord
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.middlewares import AckPolicy
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.database import Database
from chassis.kafka import Envelope
from chassis.reader import BatchHandler, OneHandler, Reader
from contracts.event import Event
from contracts.topics import Service

__all__ = ["Consumers", "Envelope", "subscribe"]

E = TypeVar("E", bound=Event)


@dataclass
class Consumers:
    """The table of a service's handlers: what it listens to and what it does then.

    >>> consumers = Consumers(service="submissions")
    >>> @consumers.on(RegimePutInForce)
    ... async def learn_regime(session, event, envelope): ...
    """

    service: Service
    one: dict[str, tuple[type[Event], OneHandler]] = field(default_factory=dict)
    batch: dict[str, BatchHandler] = field(default_factory=dict)
    topics: dict[str, bool] = field(default_factory=dict)
    """Topics listened to; True for one with a reader of its own, because it is read in volume."""
    sizes: dict[str, int] = field(default_factory=dict)

    def on(
        self, event: type[E]
    ) -> Callable[
        [Callable[[AsyncSession, E, Envelope], Awaitable[None]]],
        Callable[[AsyncSession, E, Envelope], Awaitable[None]],
    ]:
        """Register a handler of single messages of the type of ``event``."""

        def register(
            handler: Callable[[AsyncSession, E, Envelope], Awaitable[None]],
        ) -> Callable[[AsyncSession, E, Envelope], Awaitable[None]]:
            self.one[event.type] = (event, handler)
            self.topics.setdefault(event.topic.name, False)
            return handler

        return register

    def on_batch(
        self, event: type[Event], *, most: int = 200
    ) -> Callable[[BatchHandler], BatchHandler]:
        """Register a handler of up to ``most`` messages at once, in the order they came."""

        def register(handler: BatchHandler) -> BatchHandler:
            self.batch[event.type] = handler
            self.topics[event.topic.name] = True
            self.sizes[event.topic.name] = most
            return handler

        return register

    @property
    def types(self) -> set[str]:
        """Return every type that has a handler."""
        return self.one.keys() | self.batch.keys()

    def merged(self, other: "Consumers") -> "Consumers":
        """Return these handlers and ``other``'s in one table."""
        return Consumers(
            self.service,
            self.one | other.one,
            self.batch | other.batch,
            {
                name: self.topics.get(name, False) or other.topics.get(name, False)
                for name in self.topics | other.topics
            },
            self.sizes | other.sizes,
        )


def subscribe(
    broker: KafkaBroker,
    consumers: Consumers,
    database: Database,
    producer: AIOKafkaProducer,
    *,
    instance_id: str | None,
) -> list["Reader"]:
    """Subscribe ``broker`` to the topics of ``consumers``; return the readers."""
    service = consumers.service
    shared = tuple(sorted(name for name, alone in consumers.topics.items() if not alone))
    groups: dict[str, tuple[str, ...]] = {service: shared} if shared else {}
    groups |= {
        f"{service}.{name.split('.')[1]}": (name,)
        for name, alone in sorted(consumers.topics.items())
        if alone
    }
    readers = []
    for group, topics in groups.items():
        most = min(consumers.sizes.get(name, 500) for name in topics)
        reader = Reader(group, consumers, database, producer, most=most)
        readers.append(reader)
        broker.subscriber(
            *topics,
            group_id=group,
            group_instance_id=f"{group}.{instance_id}" if instance_id else None,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            max_partition_fetch_bytes=9 << 20,
            session_timeout_ms=10_000,
            parser=_as_it_came,
            decoder=_itself,
        )(reader.take)
    return readers


async def _as_it_came(record: ConsumerRecord, original: Any) -> Any:
    """Parse nothing here: what cannot be read must reach the policy, not fail before it."""
    message = await original(replace(record, headers=()))
    message.raw_message = record
    return message


async def _itself(message: KafkaMessage) -> KafkaMessage:
    """Hand the reader the message, not its body."""
    return message
