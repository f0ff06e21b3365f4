"""What notifications does by itself: it carries mails to the mail server."""

import asyncio
import contextlib
from collections import Counter as Tally
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.clock import now
from chassis.database import Database
from chassis.jobs import Jobs
from notifications.channels.smtp import Post
from notifications.commands import mails as commands
from notifications.domain.mails import Fate
from notifications.queries import mails as queries
from notifications.settings import Settings

log = structlog.get_logger()
jobs = Jobs()
MAILS = Counter("hub_mails_total", "Mails offered to the mail server, by its answer", ["fate"])
MAILS_WAITING = Gauge("hub_mails_waiting", "Mails that wait (queued) or were given up", ["state"])
MAILS_OLDEST = Gauge("hub_mails_oldest_seconds", "Age of the oldest such mail", ["state"])
BATCH = 20
PAUSE = 0.5
PAUSE_WITHOUT_SERVER = 5.0


@jobs.loop()
async def send_mails(state: Any, stop: asyncio.Event) -> None:
    """Send what is due, batch after batch; wait where there is nothing or no server answers."""
    settings: Settings = state.settings
    post = Post(settings.smtp_host, settings.smtp_port, settings.mail_from, settings.origin)
    while not stop.is_set():
        fates = await send_due(state.database, post)
        pause = 0.0 if fates else PAUSE
        if fates[Fate.NOT_OFFERED]:
            pause = PAUSE_WITHOUT_SERVER
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def send_due(database: Database, post: Post) -> Tally[Fate]:
    """Offer one batch of due mails to the server, outside any transaction; count their fates.

    Each answer is committed before the next mail is offered. SMTP has no word by which a server
    and a client could agree that a mail was taken: a process that dies between the server's 250
    and that commit leaves one mail, at most, that goes a second time when its lease has ended,
    with the same Message-ID and Date, so that a mailbox which knows the first drops the second.
    The other order (commit first) would lose that mail, and nobody would know.
    """
    async with database.transaction() as session:
        mails = await commands.take_up_mails(session, most=BATCH, now=now())
    fates: Tally[Fate] = Tally()

    async def note(mail_id: UUID, fate: Fate, why: str | None) -> None:
        async with database.transaction() as session:
            await commands.note_fate(session, mail_id, fate, why, now=now())
        fates[fate] += 1
        MAILS.labels(fate.value).inc()
        if fate is not Fate.TAKEN:
            log.warning("mail did not leave", mail=str(mail_id), fate=fate.value, why=why)

    if mails:
        await post.send(mails, note)
    return fates


@jobs.every(seconds=15)
async def measure_mails(session: AsyncSession, now: datetime) -> None:
    """Tell the watchers how many mails wait or did not get out, and for how long."""
    for state, backlog in (await queries.backlogs(session)).items():
        age = now - backlog.oldest_at if backlog.oldest_at else timedelta()
        MAILS_WAITING.labels(state.value).set(backlog.count)
        MAILS_OLDEST.labels(state.value).set(age.total_seconds())
