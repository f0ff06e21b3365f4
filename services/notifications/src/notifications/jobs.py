"""What notifications does by itself: it carries mails to the mail server."""

import asyncio
import contextlib
from collections import Counter as Tally
from typing import Any

import structlog
from prometheus_client import Counter

from chassis.clock import now
from chassis.database import Database
from chassis.jobs import Jobs
from notifications import commands
from notifications.channels.smtp import Post
from notifications.domain.mails import Fate
from notifications.settings import Settings

log = structlog.get_logger()
jobs = Jobs()
MAILS = Counter("hub_mails_total", "Mails offered to the mail server, by its answer", ["fate"])
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

    A process that dies between the server's word and the note of it leaves mails that are sent
    again, with the same Message-ID.
    """
    async with database.transaction() as session:
        mails = await commands.take_up_mails(session, most=BATCH, now=now())
    if not mails:
        return Tally()
    fates = await post.send(mails)
    async with database.transaction() as session:
        await commands.note_fates(session, fates, now=now())
    for _, fate, why in fates:
        MAILS.labels(fate.value).inc()
        if fate is not Fate.TAKEN:
            log.warning("mail did not leave", fate=fate.value, why=why)
    return Tally(fate for _, fate, _ in fates)
