"""What notifications does by itself: it carries mails, and tells people when their time comes."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

import httpx
from prometheus_client import Counter, Gauge
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis.jobs import Jobs
from notifications.channels.smtp import Post
from notifications.commands import digests, reminders, stops
from notifications.domain.mails import Fate
from notifications.jobs.carrier import send_due
from notifications.jobs.witness import see_new
from notifications.queries import digests as digest_queries
from notifications.queries import feedback as feedback_queries
from notifications.queries import mails as mail_queries
from notifications.queries import notices as notice_queries
from notifications.queries import stops as stop_queries
from notifications.queries.mails import Backlog
from notifications.settings import Settings

jobs = Jobs()
MAILS_WAITING = Gauge("hub_mails_waiting", "Mails that wait (queued) or were given up", ["state"])
MAILS_OLDEST = Gauge("hub_mails_oldest_seconds", "Since the oldest should have left", ["state"])
TOLD_WAITING = Gauge("hub_told_waiting", "What waits to be told or heard", ["what"])
TOLD_OLDEST = Gauge("hub_told_oldest_seconds", "Age of the oldest that waits", ["what"])
REMINDERS = Counter("hub_reminders_total", "Reports that came to a stage", ["stage"])
REMINDERS_CHECKED = Gauge("hub_reminders_checked_timestamp_seconds", "When reminders were due last")
PAUSE = 0.5
PAUSE_WITHOUT_SERVER = 5.0
GLANCE = 0.25
PAUSE_WITHOUT_GATEWAY = 1.0


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


@jobs.loop()
async def witness_notices(state: Any, stop: asyncio.Event) -> None:
    """Read new notices through the gateway, as the public does (Điều 8.2; decisions/0012)."""
    settings: Settings = state.settings
    async with httpx.AsyncClient(trust_env=False) as client:
        while not stop.is_set():
            is_read = await see_new(state.database, client, settings.reader_url or settings.origin)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), GLANCE if is_read else PAUSE_WITHOUT_GATEWAY)


@jobs.every(seconds=30)
async def send_digests(session: AsyncSession, now: datetime) -> None:
    """Send each person's digest of the day, once, from 07:00 on."""
    await digests.send_digests(session, now=now)


@jobs.every(seconds=60)
async def remind(session: AsyncSession, now: datetime) -> None:
    """Remind of reports in working days, and escalate what was missed (Điều 9.1, 9.6)."""
    for stage, count in (await reminders.remind(session, now=now)).items():
        REMINDERS.labels(stage.value).inc(count)
    REMINDERS_CHECKED.set_to_current_time()


@jobs.every(seconds=60)
async def remind_owners(session: AsyncSession, now: datetime) -> None:
    """Remind owners of systems stopped on ground c who have not been heard of (Điều 8.4)."""
    await stops.remind_owners(session, now=now)


@jobs.every(seconds=15)
async def measure(session: AsyncSession, now: datetime) -> None:
    """Tell the watchers what waits or did not get out, and for how long."""
    for state, backlog in (await mail_queries.backlogs(session)).items():
        MAILS_WAITING.labels(state.value).set(backlog.count)
        MAILS_OLDEST.labels(state.value).set(_age(backlog, now))
    told = {
        "digest line": await digest_queries.backlog(session),
        "feedback": await feedback_queries.waiting(session),
        "unseen notice": await notice_queries.unseen(session),
        "silent owner": await stop_queries.silent_owners(session),
    }
    for what, backlog in told.items():
        TOLD_WAITING.labels(what).set(backlog.count)
        TOLD_OLDEST.labels(what).set(_age(backlog, now))


def _age(backlog: Backlog, now: datetime) -> float:
    oldest = backlog.oldest_at or now
    return max(now - oldest, timedelta()).total_seconds()
