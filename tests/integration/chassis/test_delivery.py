"""The delivery policy on a real broker and a real database."""

from collections.abc import AsyncIterator
from functools import partial

import psycopg
import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaConnectionError
from fastapi import FastAPI
from sqlalchemy.engine import make_url

from chassis.outages import is_unavailable
from chassis.outbox import publish
from chassis.reader import Reader
from chassis.relay import partition_of
from chassis.telemetry import DEPENDENCY_DOWN
from contracts.topics import CONNECTIONS, dead_letters_of
from tests.support import probe
from tests.support.kafka import records, send
from tests.support.postgres import fresh_database, superuser_url
from tests.support.waiting import until

DEAD = dead_letters_of("notifications").name


@pytest.fixture
async def app(kafka: str) -> AsyncIterator[FastAPI]:
    """Give a running probe on a database of its own."""
    with fresh_database("chassis") as url:
        app = probe.create_probe(url, kafka)
        await probe.effects(app)
        async with probe.running(app):
            yield app


async def say(app: FastAPI, *reasons: str) -> None:
    """Say one flag a reason in one transaction."""
    async with app.state.database.transaction() as session:
        for reason in reasons:
            publish(session, probe.a_flag(reason))


async def kept(app: FastAPI) -> list[str]:
    """Return the reasons that took effect."""
    return [reason for _, reason in await probe.effects(app)]


async def dead_reasons() -> list[str]:
    """Return why dead letters were laid down."""
    return [dict(one.headers)["dead-letter-reason"].decode() for one in await records(DEAD)]


async def test_a_fact_takes_effect_in_the_order_in_which_it_was_said(app: FastAPI) -> None:
    await say(app, *(str(n) for n in range(300)))

    async def all_there() -> bool:
        return len(await kept(app)) == 300

    await until(all_there)
    assert await kept(app) == [str(n) for n in range(300)]


async def test_what_rolls_back_is_never_said(app: FastAPI) -> None:
    async def say_and_fail() -> None:
        async with app.state.database.transaction() as session:
            publish(session, probe.a_flag("never"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await say_and_fail()
    await say(app, "after")

    async def after_is_there() -> bool:
        return "after" in await kept(app)

    await until(after_is_there)
    assert await kept(app) == ["after"]


async def test_a_refused_message_becomes_a_dead_letter_and_its_neighbours_take_effect(
    app: FastAPI,
) -> None:
    await say(app, "a", "refuse", "b", "bug", "c")

    async def three_kept() -> bool:
        return len(await kept(app)) == 3 and len(await records(DEAD)) == 2

    await until(three_kept)
    assert await kept(app) == ["a", "b", "c"]
    assert await dead_reasons() == ["flag-refused", "KeyError"]


async def test_what_nobody_foresaw_and_what_passes_by_itself_is_no_dead_letter(
    app: FastAPI,
) -> None:
    await say(app, "stumble")
    await until(lambda: _has_kept(app, 1))
    await say(app, "a", "stumble", "b")
    await until(lambda: _has_kept(app, 4))
    assert await kept(app) == ["stumble", "a", "stumble", "b"]
    assert await dead_reasons() == []


async def test_a_partition_that_must_wait_leaves_the_others_alone(app: FastAPI) -> None:
    assert partition_of(b"qg-tthc", 4) != partition_of(b"dan-cu", 4)
    probe.DOWN["qg-tthc"] = True
    async with app.state.database.transaction() as session:
        for number in range(3):
            for code in ("qg-tthc", "dan-cu"):
                publish(session, probe.a_flag(f"{code} {number}", connection=code))
    await until(lambda: _has_kept(app, 3))
    assert await kept(app) == ["dan-cu 0", "dan-cu 1", "dan-cu 2"]
    probe.DOWN["qg-tthc"] = False
    await until(lambda: _has_kept(app, 6))
    assert (await kept(app))[3:] == ["qg-tthc 0", "qg-tthc 1", "qg-tthc 2"]


@pytest.mark.parametrize("why", [KafkaConnectionError(), ZeroDivisionError()])
async def test_a_dead_letter_that_cannot_be_laid_down_stops_the_partition_and_is_not_lost(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, why: Exception
) -> None:
    lay_down = Reader._lay_down
    failed: list[Exception] = []

    async def fail_once(self: Reader, record: ConsumerRecord, reason: str, detail: str) -> None:
        if not failed:
            failed.append(why)
            raise why
        await lay_down(self, record, reason, detail)

    monkeypatch.setattr(Reader, "_lay_down", fail_once)
    await say(app, "a", "refuse", "b")
    await until(lambda: _has_kept(app, 2))
    await say(app, "c")
    await until(lambda: _has_kept(app, 3))
    assert failed
    assert await kept(app) == ["a", "b", "c"]
    assert await dead_reasons() == ["flag-refused"]


HEADERS = {
    "ce_specversion": b"1.0",
    "ce_id": b"0197",
    "ce_type": b"connector-gateway.connection.flagged.v1",
    "ce_source": b"/test",
    "ce_time": b"2026-06-15T08:00:00+07:00",
}


@pytest.mark.parametrize(
    ("headers", "value", "reason"),
    [
        pytest.param({}, b"{}", "missing-headers", id="no headers"),
        pytest.param({**HEADERS, "ce_id": b"\xff"}, b"{}", "unreadable-headers", id="bad bytes"),
        pytest.param(HEADERS, b"{", "unreadable-value", id="bad JSON"),
        pytest.param(HEADERS, b"{}", "unreadable-value", id="facts missing"),
        pytest.param(
            {**HEADERS, "ce_type": b"connector-gateway.connection.flagged.v9"},
            b"{}",
            "unknown-version",
            id="unknown major",
        ),
        pytest.param(
            {**HEADERS, "ce_specversion": b"7"}, b"{}", "unknown-version", id="unknown envelope"
        ),
    ],
)
async def test_what_cannot_be_read_becomes_a_dead_letter_and_the_partition_moves_on(
    app: FastAPI, headers: dict[str, bytes], value: bytes, reason: str
) -> None:
    await send(CONNECTIONS.name, value, key=b"qg-tthc", headers=headers)
    await say(app, "next")

    async def next_is_there() -> bool:
        return await kept(app) == ["next"]

    await until(next_is_there)
    letters = await records(DEAD)
    assert await dead_reasons() == [reason]
    assert letters[0].value == value
    origin = dict(letters[0].headers)["dead-letter-origin"].decode()
    assert origin.startswith(f"{CONNECTIONS.name}:")


async def test_a_type_that_nobody_asked_for_passes_in_silence(app: FastAPI) -> None:
    strange = {**HEADERS, "ce_type": b"connector-gateway.connection.admired.v1"}
    await send(CONNECTIONS.name, b"{}", key=b"qg-tthc", headers=strange)
    await say(app, "next")

    async def next_is_there() -> bool:
        return await kept(app) == ["next"]

    await until(next_is_there)
    assert await records(DEAD) == []


async def test_a_message_that_comes_twice_takes_effect_once(app: FastAPI) -> None:
    flag = probe.a_flag("once").to_bytes()
    for _ in range(3):
        await send(CONNECTIONS.name, flag, key=b"qg-tthc", headers=HEADERS)
    await say(app, "end")

    async def end_is_there() -> bool:
        return "end" in await kept(app)

    await until(end_is_there)
    assert sorted(await kept(app)) == ["end", "once"]


async def test_a_dependency_that_is_down_stops_the_partition_and_loses_nothing(
    app: FastAPI,
) -> None:
    probe.DOWN["is_down"] = True
    await say(app, "x", "y")

    async def has_waited() -> bool:
        rows = await records(DEAD)
        return not rows and probe.DOWN["is_down"] and _is_waiting()

    await until(has_waited)
    probe.DOWN["is_down"] = False

    async def both_there() -> bool:
        return len(await kept(app)) == 2

    await until(both_there)
    assert await kept(app) == ["x", "y"]
    assert await records(DEAD) == []


def _is_waiting() -> bool:
    samples = next(iter(DEPENDENCY_DOWN.collect())).samples
    return any(one.labels["reader"] == "notifications" and one.value == 1 for one in samples)


async def test_sessions_that_the_server_cuts_cost_nothing_and_nobody_notices_for_long(
    app: FastAPI,
) -> None:
    await say(app, "before")
    await until(lambda: _has_kept(app, 1))
    name = make_url(app.state.settings.database_url).database
    for word in ("first", "second", "third"):
        with psycopg.connect(superuser_url(), autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
        await until(partial(_has_said, app, word))
    await until(lambda: _has_kept(app, 4))
    assert await kept(app) == ["before", "first", "second", "third"]
    assert await dead_reasons() == []


async def _has_said(app: FastAPI, word: str) -> bool:
    """Say a word; a session that was cut just now may cost one try, which says so."""
    try:
        await say(app, word)
    except Exception as why:
        if not is_unavailable(why):
            raise
        return False
    return True


async def _has_kept(app: FastAPI, count: int) -> bool:
    return len(await kept(app)) == count
