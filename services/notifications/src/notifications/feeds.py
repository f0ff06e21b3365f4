"""Public notices as an Atom feed (RFC 4287) and as a calendar (RFC 5545)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from feedgen.feed import FeedGenerator
from icalendar import Calendar, Event

from notifications.domain.wording import wording
from notifications.queries import NoticeView


def atom(notices: Sequence[NoticeView], *, origin: str, now: datetime) -> bytes:
    """Return the notices as an Atom feed, the latest first."""
    feed = FeedGenerator()
    feed.id(f"{origin}/notices")
    feed.title(wording()["feeds"]["title"])
    feed.author(name=wording()["feeds"]["author"])
    feed.language("vi")
    feed.link(href=f"{origin}/notices.atom", rel="self")
    feed.link(href=f"{origin}/notices", rel="alternate")
    feed.updated(max((notice.visible_at for notice in notices), default=now))
    for notice in notices:
        entry = feed.add_entry(order="append")
        entry.id(f"urn:uuid:{notice.id}")
        entry.title(notice.title)
        entry.link(href=f"{origin}/notices/{notice.id}")
        entry.published(notice.visible_at)
        entry.updated(notice.visible_at)
        entry.summary(notice.public_reason)
    written: bytes = feed.atom_str(pretty=True)
    return written


def icalendar(notices: Sequence[NoticeView], *, origin: str) -> bytes:
    """Return the suspensions as events; one without an expected end lasts an hour in it."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{origin}//notices//VI")
    calendar.add("version", "2.0")
    for notice in notices:
        if notice.kind != "suspension":
            continue
        event = Event()
        event.add("uid", f"{notice.id}@notices")
        event.add("dtstamp", notice.visible_at)
        event.add("dtstart", notice.effective_at)
        event.add("dtend", notice.expected_end or notice.effective_at + timedelta(hours=1))
        event.add("summary", notice.title)
        event.add("description", f"{notice.ground_text}. {notice.public_reason}")
        event.add("url", f"{origin}/notices/{notice.id}")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
