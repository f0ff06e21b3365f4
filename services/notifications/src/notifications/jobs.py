"""What notifications does by itself: it carries mails to the mail server."""

import asyncio
import contextlib
from typing import Any

import aiosmtplib
import structlog
from prometheus_client import Counter

from chassis.clock import now
from chassis.database import Database
from chassis.jobs import Jobs
from notifications import queries
from notifications.channels.smtp import send_all
from notifications.settings import Settings

log = structlog.get_logger()
jobs = Jobs()
MAILS = Counter("hub_mails_total", "Mails by what became of them", ["outcome"])
BATCH = 50
PAUSE = 0.5


@jobs.loop()
async def send_mails(state: Any, stop: asyncio.Event) -> None:
    """Send what is due, batch after batch; wait where there is nothing or no server answers."""
    database: Database = state.database
    settings: Settings = state.settings
    while not stop.is_set():
        pause = PAUSE
        try:
            if await send_due(database, settings):
                pause = 0.0
        except (OSError, aiosmtplib.SMTPException) as why:
            log.warning("mail server does not answer", why=str(why))
            pause = 5.0
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def send_due(database: Database, settings: Settings) -> int:
    """Send one batch of due mails; return how many there were.

    A crash between the server's word and the commit sends a mail again with the same Message-ID.
    """
    async with database.transaction() as session:
        mails = await queries.due_mails(session, most=BATCH, now=now())
        if not mails:
            return 0
        sent = send_all(
            mails,
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.mail_from,
        )
        async for one in sent:
            if one.why is None:
                one.mail.went_out(now=now())
            else:
                one.mail.did_not_go_out(one.why, is_final=one.is_final, now=now())
            MAILS.labels("sent" if one.why is None else "refused").inc()
        return len(mails)
