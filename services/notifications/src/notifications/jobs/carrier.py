"""Carrying mails to the mail server, batch after batch."""

from collections import Counter as Tally
from uuid import UUID

import structlog
from prometheus_client import Counter

from chassis.clock import now
from chassis.database import Database
from notifications.channels.smtp import Post
from notifications.commands import mails as commands
from notifications.domain.mails import Fate

log = structlog.get_logger()
MAILS = Counter("hub_mails_total", "Mails offered to the mail server, by its answer", ["fate"])
BATCH = 20


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
