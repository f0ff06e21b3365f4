"""Public notices as an Atom feed (RFC 4287) and as a calendar (RFC 5545)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

import orjson
from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from icalendar import Calendar, Event

from notifications.domain.roots import KnownLedgerRoot
from notifications.domain.wording import moment, wording
from notifications.queries.notices import NoticeView


def atom(
    notices: Sequence[NoticeView],
    roots: Sequence[KnownLedgerRoot] = (),
    *,
    origin: str,
    now: datetime,
) -> bytes:
    """Return ``notices`` and ``roots``, each the latest first, as a feed in order of their moments.

    ``now`` dates a feed that is empty.
    """
    feed = FeedGenerator()
    feed.id(f"{origin}/notices")
    feed.title(wording()["feeds"]["title"])
    feed.author(name=wording()["feeds"]["author"])
    feed.language("vi")
    feed.link(href=f"{origin}/notices.atom", rel="self", type="application/atom+xml")
    feed.link(href=f"{origin}/notices", rel="alternate", type="text/html")
    entries = [_entry(notice, origin) for notice in notices] + [_root(one, origin) for one in roots]
    entries.sort(key=lambda entry: entry.published(), reverse=True)
    feed.updated(max((entry.published() for entry in entries), default=now))
    for entry in entries:
        feed.add_entry(entry, order="append")
    written: bytes = feed.atom_str(pretty=True)
    return written


def _entry(notice: NoticeView, origin: str) -> FeedEntry:
    entry = FeedEntry()
    entry.id(f"urn:uuid:{notice.id}")
    entry.title(notice.title)
    entry.link(href=f"{origin}/notices/{notice.id}")
    entry.published(notice.visible_at)
    entry.updated(notice.visible_at)
    entry.category(term=notice.kind)
    entry.summary(summary(notice))
    return entry


def _root(root: KnownLedgerRoot, origin: str) -> FeedEntry:
    """Return an entry whose content is what ``/.well-known/ledger-roots.json`` says of the day."""
    said = {"day": str(root.day), "root": root.root, "kid": root.kid, "signature": root.signature}
    entry = FeedEntry()
    entry.id(f"urn:uuid:{uuid5(NAMESPACE_OID, root.root)}")
    entry.title(wording()["feeds"]["ledger-root"].format(day=f"{root.day:%d/%m/%Y}"))
    entry.link(href=f"{origin}/.well-known/ledger-roots.json")
    entry.published(root.signed_at)
    entry.updated(root.signed_at)
    entry.category(term="ledger-root")
    entry.summary(wording()["feeds"]["ledger-root-summary"].format(**said))
    entry.content(orjson.dumps(said).decode(), type="text")
    return entry


def summary(notice: NoticeView) -> str:
    """Return a notice in one or two sentences: ground, reason, from when until when."""
    sentence = wording()["feeds"]["summary-with-end" if notice.expected_end else "summary"]
    return sentence.format(
        ground=notice.ground_text,
        reason=notice.public_reason.rstrip("."),
        effective=moment(notice.effective_at),
        end=moment(notice.expected_end or notice.effective_at),
    )


def icalendar(notices: Sequence[NoticeView], *, origin: str) -> bytes:
    """Return one event a suspension order, as its latest notices leave it.

    An order that was lifted before it began is CANCELLED; one without an expected end has none.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Reporting hub//Notices//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", wording()["feeds"]["title"])
    orders: dict[str, list[NoticeView]] = defaultdict(list)
    for notice in sorted(notices, key=lambda one: one.visible_at):
        orders[notice.subject].append(notice)
    for told in orders.values():
        if told[0].kind == "suspension":
            calendar.add_component(_event(told, origin))
    written: bytes = calendar.to_ical()
    return written


def _event(told: Sequence[NoticeView], origin: str) -> Event:
    first, last = told[0], told[-1]
    ends = [one.effective_at if one.kind == "lift" else one.expected_end for one in told]
    end = next((moment for moment in reversed(ends) if moment), None)
    is_cancelled = last.kind == "lift" and last.effective_at <= first.effective_at
    event = Event()
    event.add("uid", f"urn:uuid:{first.id}")
    event.add("sequence", len(told) - 1)
    event.add("dtstamp", last.visible_at.astimezone(UTC))
    event.add("dtstart", first.effective_at.astimezone(UTC))
    if end and end > first.effective_at:
        event.add("dtend", end.astimezone(UTC))
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("summary", first.title)
    event.add("description", " ".join(summary(one) for one in told))
    event.add("categories", [first.ground])
    event.add("url", f"{origin}/notices/{first.id}")
    return event
