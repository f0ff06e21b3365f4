"""The delivery policy: how every message from Kafka becomes an effect, once, or a dead letter.

At least once from Kafka, exactly once in effect: offsets are committed after the effect, the
inbox row stands in its transaction (decisions/0004). A batch of a partition is one transaction;
when it fails it falls back to one message at a time. ``Unavailable`` and a lost database are
retried and then stop the partition; every other refusal goes to the reader's dead letters with
reason and origin, and what nobody foresaw too, once a second try has ended the same. Whatever
fails, the offset never moves past a message that is neither an effect nor a dead letter.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, Protocol

import structlog
import tenacity
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream.kafka import KafkaMessage
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.breath import Breathing
from chassis.clock import now
from chassis.database import Database
from chassis.errors import Refusal
from chassis.inbox import first_seen
from chassis.kafka import Envelope, Unreadable, open_envelope, type_of
from chassis.outages import is_unavailable
from chassis.spans import Spans
from chassis.telemetry import DEPENDENCY_DOWN, MESSAGE_AGE, MESSAGES
from contracts.event import Event
from contracts.topics import TOPICS, Service, dead_letters_of

log = structlog.get_logger()

LIMITS = {topic.name: topic.max_message_bytes for topic in TOPICS}
TRIES = 5
TRIES_UNFORESEEN = 2
"""Tries of what fails in a way that nobody foresaw: it may pass, and it may be a bug."""
LONGEST_WAIT = 15.0
AT_ONCE = 2
"""Partitions that a reader takes at the same time, each in transactions of its own."""
BATCHES = 8
"""Batches of one turn: as what waits comes partition by partition, fewer would leave one alone."""


OneHandler = Callable[[AsyncSession, Any, Envelope], Awaitable[None]]
BatchHandler = Callable[[AsyncSession, list[Envelope]], Awaitable[None]]


class Handlers(Protocol):
    """What a reader asks of a table of handlers (``chassis.delivery.Consumers``)."""

    @property
    def service(self) -> Service:
        """Return whose handlers these are."""

    @property
    def one(self) -> Mapping[str, tuple[type[Event], OneHandler]]:
        """Return the handlers of single messages, by type."""

    @property
    def batch(self) -> Mapping[str, BatchHandler]:
        """Return the handlers of many messages, by type."""

    @property
    def types(self) -> set[str]:
        """Return every type that has a handler."""


class Reader:
    """One consumer group of a service: takes batches, applies the policy, commits offsets."""

    def __init__(
        self,
        group: str,
        consumers: Handlers,
        database: Database,
        producer: AIOKafkaProducer,
        *,
        most: int,
    ) -> None:
        self.group = group
        self._most = most
        self._consumers = consumers
        self._database = database
        self._producer = producer
        self._dead_letters = dead_letters_of(consumers.service).name
        self._stems = {stem_of(name): name for name in consumers.types}
        self._waited = 0.0
        self._breathing = Breathing()

    async def take(self, message: KafkaMessage) -> None:
        """Apply the policy to a record and to what waits behind it; commit exactly these offsets.

        The first record wakes the reader at once; the rest of the batch is what has been
        fetched already, so that an idle hub is quick and a busy one writes in bulk. Partitions
        are taken side by side: while the database works on one, another is made ready.
        """
        began = asyncio.get_running_loop().time()
        consumer: Any = message.consumer
        first: ConsumerRecord = message.raw_message
        lanes = {TopicPartition(first.topic, first.partition): [first]}
        try:
            waiting = await consumer.getmany(timeout_ms=0, max_records=BATCHES * self._most - 1)
            for place, records in waiting.items():
                lanes.setdefault(place, []).extend(records)
            failed = await self._take_lanes(consumer, lanes)
        except Exception as why:  # whatever it is: to let it go by would lose these records
            failed = dict.fromkeys(lanes, why)
        if failed:
            await self._wait_out(next(iter(failed.values())))
            for place in failed:
                with suppress(IllegalStateError):  # a rebalance took it: its new owner reads again
                    consumer.seek(place, lanes[place][0].offset)
            return
        self._waited = 0.0
        DEPENDENCY_DOWN.labels(self.group).set(0)
        if (carried := sum(map(len, lanes.values()))) < self._most:
            await self._breathing.draw(since=began, carried=carried)

    async def _take_lanes(
        self, consumer: Any, lanes: Mapping[TopicPartition, Sequence[ConsumerRecord]]
    ) -> dict[TopicPartition, Exception]:
        """Take what came on each partition; commit what took effect, return what did not."""
        free = asyncio.Semaphore(AT_ONCE)
        ends = await asyncio.gather(*(self._take_lane(lane, free) for lane in lanes.values()))
        failed = {place: why for place, why in zip(lanes, ends, strict=True) if why}
        nexts = {place: lanes[place][-1].offset + 1 for place in lanes.keys() - failed.keys()}
        if nexts:
            try:
                await consumer.commit(nexts)
            except KafkaError as why:
                # Whoever reads these records again meets the inbox rows we wrote.
                log.warning("offsets not committed", group=self.group, why=str(why))
        return failed

    async def _take_lane(
        self, records: Sequence[ConsumerRecord], free: asyncio.Semaphore
    ) -> Exception | None:
        async with free:
            try:
                for begin in range(0, len(records), self._most):
                    await self._settle(records[begin : begin + self._most])
            except Exception as why:  # told, so that the other lanes come to their end
                return why
        return None

    async def _settle(self, records: Sequence[ConsumerRecord]) -> None:
        envelopes, dead = self._sort(records)
        if envelopes:
            try:
                await self._effect(envelopes)
            except Exception as why:
                if is_unavailable(why):
                    raise
                dead += await self._one_by_one(envelopes, why)
        for record, reason, detail in dead:
            await self._lay_down(record, reason, detail)

    def _sort(
        self, records: Sequence[ConsumerRecord]
    ) -> tuple[list[tuple[Envelope, ConsumerRecord]], list[tuple[ConsumerRecord, str, str]]]:
        """Part what can be taken from what cannot be read; pass over types nobody asked for."""
        envelopes = []
        dead = []
        for record in records:
            try:
                envelope = self._open(record)
            except Unreadable as why:
                dead.append((record, why.reason, why.detail))
                continue
            if envelope.type in self._consumers.types:
                envelopes.append((envelope, record))
        return envelopes, dead

    def _open(self, record: ConsumerRecord) -> Envelope:
        limit = LIMITS.get(record.topic)
        if limit and len(record.value or b"") > limit:
            raise Unreadable("message-too-large", f"{len(record.value)} > {limit} bytes")
        envelope = open_envelope(record)
        known = self._stems.get(stem_of(envelope.type))
        if known and envelope.type not in self._consumers.types:
            raise Unreadable("unknown-version", f"{envelope.type}, known is {known}")
        return envelope

    async def _one_by_one(
        self, envelopes: list[tuple[Envelope, ConsumerRecord]], why: Exception
    ) -> list[tuple[ConsumerRecord, str, str]]:
        if len(envelopes) == 1:
            return [(envelopes[0][1], *_reason(why))]
        dead = []
        for pair in envelopes:
            try:
                await self._effect([pair])
            except Exception as own:
                if is_unavailable(own):
                    raise
                dead.append((pair[1], *_reason(own)))
        return dead

    async def _effect(self, pairs: list[tuple[Envelope, ConsumerRecord]]) -> None:
        """Take a batch in one transaction, trying again what may end otherwise."""
        async for attempt in tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_may_pass),
            stop=_has_tried_enough,
            wait=tenacity.wait_exponential_jitter(multiplier=0.05, max=1.0),
            reraise=True,
        ):
            with attempt:
                await self._try([envelope for envelope, _ in pairs])

    async def _try(self, envelopes: list[Envelope]) -> None:
        with Spans(envelopes) as spans:
            async with self._database.transaction() as session:
                new = await first_seen(session, self.group, [one.id for one in envelopes])
                for kind, run in groupby(envelopes, key=lambda one: one.type):
                    fresh = []
                    for one in run:
                        if one.id in new:
                            new.discard(one.id)
                            fresh.append(spans.entered(one))
                    if fresh:
                        await self._handle(session, kind, fresh)
        _count_done(envelopes)

    async def _handle(self, session: AsyncSession, kind: str, envelopes: list[Envelope]) -> None:
        batch = self._consumers.batch.get(kind)
        if batch:
            await batch(session, envelopes)
            return
        event, handler = self._consumers.one[kind]
        for envelope in envelopes:
            await handler(session, event.from_bytes(envelope.body), envelope)

    async def _lay_down(self, record: ConsumerRecord, reason: str, detail: str) -> None:
        """Lay a record among the dead letters as it came, with reason and origin beside it."""
        origin = f"{record.topic}:{record.partition}:{record.offset}"
        log.error("dead letter", group=self.group, reason=reason, detail=detail, origin=origin)
        MESSAGES.labels(type_of(record), "dead").inc()
        await self._producer.send_and_wait(
            self._dead_letters,
            value=record.value,
            key=record.key,
            headers=[
                *record.headers,
                ("dead-letter-reader", self.group.encode()),
                ("dead-letter-reason", reason.encode()),
                ("dead-letter-detail", detail[:1000].encode()),
                ("dead-letter-origin", origin.encode()),
                ("dead-letter-at", now().isoformat().encode()),
            ],
        )

    async def _wait_out(self, why: Exception) -> None:
        self._waited = min(max(self._waited * 2, 0.5), LONGEST_WAIT)
        DEPENDENCY_DOWN.labels(self.group).set(1)
        is_foreseen = is_unavailable(why) or isinstance(why, KafkaError)
        log.warning(
            "reader waits",
            group=self.group,
            why=repr(why),
            seconds=self._waited,
            exc_info=None if is_foreseen else why,
        )
        await asyncio.sleep(self._waited)


def _count_done(envelopes: Sequence[Envelope]) -> None:
    moment = now()
    for kind, run in groupby(envelopes, key=lambda one: one.type):
        ages = [max(0.0, (moment - one.time).total_seconds()) for one in run]
        MESSAGES.labels(kind, "done").inc(len(ages))
        observe = MESSAGE_AGE.labels(kind).observe
        for age in ages:
            observe(age)


def stem_of(type: str) -> str:
    """Return a message type without its major version."""
    return type.rsplit(".v", 1)[0]


def _may_pass(why: BaseException) -> bool:
    """Say whether another try may end otherwise: refusals and bad facts stay what they are."""
    return is_unavailable(why) or not isinstance(why, Refusal | ValidationError)


def _has_tried_enough(state: tenacity.RetryCallState) -> bool:
    why = state.outcome.exception() if state.outcome else None
    return state.attempt_number >= (TRIES if why and is_unavailable(why) else TRIES_UNFORESEEN)


def _reason(why: Exception) -> tuple[str, str]:
    if isinstance(why, ValidationError):
        return "unreadable-value", str(why)
    return getattr(why, "slug", type(why).__name__), str(why)
