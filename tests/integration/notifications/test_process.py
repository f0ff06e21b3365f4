"""notifications as the hub runs it: from Kafka to the public page, the mailbox, the inboxes."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import psycopg

from chassis.identifiers import new_id
from contracts.connector_gateway.v1 import ConnectionSuspended
from contracts.event import Event
from contracts.notifications.v1 import NoticePublished
from contracts.submissions.v1 import ReportAssigned
from tests.support.builders_notifications import ORIGIN, a_notice, an_example
from tests.support.kafka import records, send_all
from tests.support.mail import MailServer
from tests.support.postgres import fresh_database
from tests.support.services import announce_key, headers_of, running
from tests.support.waiting import until


async def say(*events: Event, id: str | None = None) -> None:
    """Put messages on Kafka as their producers would, all with ``id`` where one is given."""
    own = {"ce_id": id.encode()} if id else {}
    await send_all(
        (
            event.topic.name,
            event.to_bytes(),
            event.ordering_key.encode(),
            headers_of(event.type) | own,
        )
        for event in events
    )


async def test_an_order_on_kafka_becomes_a_page_a_mail_and_one_fact_however_often_it_comes(
    kafka: str, tmp_path: Path, mail_server: MailServer
) -> None:
    await announce_key()
    order, last = a_notice(), a_notice()
    with fresh_database("notifications") as url:
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO subscribers VALUES ('a@bao.vn', gen_random_uuid(), now())"
            )
        async with running(
            "notifications", url, kafka, tmp_path, SMTP_PORT=str(mail_server.port), ORIGIN=ORIGIN
        ) as live:
            once = str(new_id())
            await say(order, order, id=once)
            await say(order, last)
            page = f"{live.url}/notices/{last.notice_id}"
            async with httpx.AsyncClient() as client:
                await until(lambda: answers(client, page))
                listed = (await client.get(f"{live.url}/notices.atom")).text
            await until(lambda: has(mail_server.letters, 2))
            await until(lambda: is_said(2))
    said = [record.key for record in await records(NoticePublished.topic.name)]
    assert said == [str(order.notice_id).encode(), str(last.notice_id).encode()]
    assert listed.count("<entry>") == 2
    assert mail_server.recipients() == ["a@bao.vn", "a@bao.vn"]


async def test_a_mail_whose_answer_died_with_the_process_goes_again_as_the_same_mail(
    kafka: str, tmp_path: Path, mail_server: MailServer
) -> None:
    await announce_key()
    own = {"SMTP_PORT": str(mail_server.port), "ORIGIN": ORIGIN}
    with fresh_database("notifications") as url:
        async with running("notifications", url, kafka, tmp_path, **own) as live:
            mail_server.on_letter = live.process.kill
            await say(an_example(ConnectionSuspended))
            await live.process.wait()
        mail_server.on_letter = bool
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE mails SET next_attempt_at = queued_at")
        async with running("notifications", url, kafka, tmp_path, **own):
            await until(lambda: is_sent(url))
    first, second = mail_server.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


async def is_sent(url: str) -> bool:
    """Say whether no mail waits any more."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT bool_and(state = 'sent') FROM mails").fetchone()
    return found == (True,)


async def answers(client: httpx.AsyncClient, url: str) -> bool:
    """Say whether there is a page."""
    return (await client.get(url)).status_code == 200


async def has(things: Sequence[object], count: int) -> bool:
    """Say whether so many have come."""
    return len(things) >= count


async def is_said(count: int) -> bool:
    """Say whether so many notices were said to be public."""
    return len(await records(NoticePublished.topic.name)) >= count


async def test_a_whole_province_hears_of_its_reports(kafka: str, tmp_path: Path) -> None:
    await announce_key()
    units = [f"07{n:03}" for n in range(192)]
    reports = [an_example(ReportAssigned, report_id=new_id(), unit=unit) for unit in units]
    with fresh_database("notifications") as url:
        async with running("notifications", url, kafka, tmp_path):
            await say(*reports)
            await until(lambda: counted(url, "inbox_items", 192))


async def counted(url: str, table: str, count: int) -> bool:
    """Say whether a table has so many rows."""
    with psycopg.connect(url) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608
    return found == (count,)
