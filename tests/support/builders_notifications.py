"""notifications in this process, on a database of the test's own.

``async with a_notifications(url) as hub`` gives its HTTP client. ``await hub.hear(a_notice())``
lets it hear messages as its consumers would, each in a transaction, ``await hub.send_mails(post)``
offers what is due to a mail server; ``hub.rows("SELECT …")`` reads the database underneath.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import httpx
import psycopg
from fastapi import FastAPI
from icalendar import Calendar

from chassis.auth import Keyring
from chassis.clock import ZONE, now
from chassis.database import Database
from chassis.delivery import Envelope
from chassis.identifiers import new_id
from chassis.keys import learn_keys
from chassis.settings import Role as ProcessRole
from contracts.accounts.v1 import AccountIssued, PublicKey, Role
from contracts.event import Event
from contracts.notifications.v1 import PublishNotice
from contracts.registry import EVENTS
from notifications.channels.smtp import Post
from notifications.consumers import consumers
from notifications.domain.mails import GIVE_UP_AFTER, Fate, Mail, Template
from notifications.jobs.carrier import send_due
from notifications.jobs.witness import see_new
from notifications.main import create_app
from notifications.settings import Settings
from tests.support.examples import example_of
from tests.support.postgres import restore
from tests.support.services import KEY, a_token

API = "/api/notifications/v1"
ORIGIN = "http://hub.test"
NOON = datetime(2026, 6, 15, 12, tzinfo=ZONE)


def an_example(event: type[Event], **facts: Any) -> Any:
    """Return the example message of a type, with other ``facts``."""
    return event.model_validate({**json.loads(example_of(event.type)), **facts})


def a_notice(**facts: Any) -> PublishNotice:
    """Return the order to publish a new notice of a new suspension."""
    own = {"notice_id": new_id(), "subject": str(new_id()), **facts}
    order: PublishNotice = an_example(PublishNotice, **own)
    return order


def an_account(*roles: Role, agency: str = "07201", **facts: Any) -> AccountIssued:
    """Return the fact that a new account was issued."""
    issued: AccountIssued = an_example(
        AccountIssued,
        account_id=new_id(),
        agency=agency,
        roles=list(roles or (Role.OFFICER,)),
        **facts,
    )
    return issued


def a_mail(**facts: Any) -> Mail:
    """Return a mail that was queued at noon, unless told otherwise."""
    return Mail(
        **{
            "id": new_id(),
            "recipient": "a@bao.vn",
            "subject": "Tạm ngừng kết nối",
            "template": Template.MESSAGE,
            "facts": {"subject": "Tạm ngừng kết nối", "body": "Điều 8.4", "link": "/notices"},
            "next_attempt_at": NOON,
            "queued_at": NOON,
            "leaves_at": NOON,
            "give_up_at": NOON + GIVE_UP_AFTER,
            **facts,
        }
    )


def an_envelope(event: Event) -> Envelope:
    """Return a message as it comes from Kafka."""
    return Envelope(
        id=str(new_id()),
        type=event.type,
        source="/tests",
        time=now(),
        key=event.ordering_key,
        body=event.to_bytes(),
        headers={},
        traceparent=None,
        topic=event.topic.name,
        partition=0,
        offset=0,
    )


@dataclass
class Notifications:
    """The service under test and hands to use it."""

    app: FastAPI
    client: httpx.AsyncClient
    database: Database
    url: str

    def begin_anew(self) -> None:
        """Forget all that tests before this one did."""
        restore(self.url)
        self.client.cookies.clear()
        self.app.state.keyring = Keyring(self.database)

    async def hear(self, *events: Event) -> None:
        """Let the service hear ``events``, in batches of one type as the reader would."""
        for kind, batch in groupby(events, key=lambda event: event.type):
            envelopes = [an_envelope(event) for event in batch]
            async with self.database.transaction() as session:
                if kind in consumers.batch:
                    await consumers.batch[kind](session, envelopes)
                    continue
                for envelope in envelopes:
                    event, handler = consumers.one[kind]
                    await handler(session, event.from_bytes(envelope.body), envelope)

    async def send_mails(self, post: Post) -> Counter[Fate]:
        """Offer what is due to a mail server."""
        return await send_due(self.database, post)

    async def see_notices(self) -> bool:
        """Let the service read its new notices as the public does."""
        return await see_new(self.database, self.client, ORIGIN)

    async def get(self, path: str, accept: str = "text/html", **params: Any) -> httpx.Response:
        """Read a public page."""
        return await self.client.get(path, headers={"Accept": accept}, params=params)

    async def calendar(self) -> list[Any]:
        """Return the events of the calendar."""
        answer = await self.client.get("/notices.ics")
        return Calendar.from_ical(answer.content).walk("VEVENT")

    async def call(
        self, method: str, path: str, by: str, body: Any = None, **params: Any
    ) -> httpx.Response:
        """Call the API with the token ``by``."""
        headers = {"Authorization": f"Bearer {by}"}
        return await self.client.request(
            method, f"{API}{path}", headers=headers, params=params, json=body
        )

    async def inbox_of(self, account: AccountIssued) -> list[dict[str, Any]]:
        """Return what an account was told, the latest first."""
        answer = await self.call("GET", "/inbox", token_of(account))
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Read the database underneath, past everything."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), params).fetchall()

    def age_mails(self, time: timedelta) -> None:
        """Make every mail older by ``time``."""
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "UPDATE mails SET queued_at = queued_at - %(time)s, "
                "leaves_at = leaves_at - %(time)s, give_up_at = give_up_at - %(time)s, "
                "next_attempt_at = next_attempt_at - %(time)s",
                {"time": time},
            )

    def forget_that_mails_were_sent(self) -> None:
        """Leave mails as a process does that dies after the server's word, a lease later."""
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "UPDATE mails SET state = 'queued', attempts = 0, sent_at = NULL, "
                "next_attempt_at = queued_at"
            )

    def said(self, type: str) -> list[Event]:
        """Return the facts of ``type`` that wait in the outbox, in order."""
        found = self.rows("SELECT value FROM outbox WHERE type = %s ORDER BY seq", type)
        return [EVENTS[type].from_bytes(bytes(value)) for (value,) in found]


def token_of(account: AccountIssued) -> str:
    """Return an access token of an account."""
    return a_token(*account.roles, agency=account.agency, sub=str(account.account_id))


@asynccontextmanager
async def a_notifications(url: str) -> AsyncIterator[Notifications]:
    """Run the service's API in this process."""
    settings = Settings(
        database_url=url,
        kafka_bootstrap="127.0.0.1:9",
        origin=ORIGIN,
        role=ProcessRole.API,
        smtp_host="127.0.0.1",
        smtp_port=9,
    )
    app = create_app(settings)
    database: Database = app.state.database
    members = KEY.as_dict(private=False)
    async with database.transaction() as session:
        key = PublicKey(kid=str(members["kid"]), x=str(members["x"]))
        await learn_keys(session, "tests", [key])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        try:
            yield Notifications(app, client, database, url)
        finally:
            await database.close()
