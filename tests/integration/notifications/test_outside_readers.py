"""The feed and the calendar of notices as programs of others read them.

The calendar is written with one library and read here with another that shares nothing with it.
"""

import calendar
from datetime import UTC, datetime, timedelta

import feedparser
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event, EventStatus

from contracts.connector_gateway.v1 import LedgerRootSigned
from tests.support.builders_notifications import NOON, Notifications, a_notice, an_example


async def events(hub: Notifications) -> list[Event]:
    """Return the events of the calendar as a strict reader of RFC 5545 finds them."""
    answer = await hub.client.get("/notices.ics")
    found: list[Event] = IcsCalendarStream.calendar_from_ics(answer.text).events
    return found


async def test_a_calendar_follows_an_order_from_its_notice_to_its_lift(hub: Notifications) -> None:
    end, later, lifted = (NOON + timedelta(hours=n) for n in (4, 8, 6))
    begun = a_notice(
        ground="MAINTENANCE",
        public_reason="Nâng cấp máy chủ; đường truyền, nguồn điện\nvà sao lưu",
        effective_at=NOON,
        expected_end=end,
    )
    await hub.hear(begun)
    (first,) = await events(hub)
    assert (first.start, first.end) == (NOON.astimezone(UTC), end.astimezone(UTC))
    assert isinstance(first.start, datetime)
    assert first.start.utcoffset() == timedelta(0)
    assert "Tạm ngừng kết nối: " in (first.summary or "")
    assert "Nâng cấp máy chủ; đường truyền, nguồn điện\nvà sao lưu" in (first.description or "")
    assert first.categories == ["MAINTENANCE"]
    assert str(first.url) == f"http://hub.test/notices/{begun.notice_id}"
    told = [first]
    about = {"subject": begun.subject}
    for order in (
        a_notice(kind="extension", expected_end=later, **about),
        a_notice(kind="lift", effective_at=lifted, expected_end=None, **about),
    ):
        await hub.hear(order)
        told += await events(hub)
    assert {event.uid for event in told} == {f"urn:uuid:{begun.notice_id}"}
    assert [event.sequence for event in told] == [0, 1, 2]
    assert [event.end for event in told[1:]] == [later, lifted]
    assert [event.dtstamp for event in told] == sorted(event.dtstamp for event in told)
    assert {event.status for event in told} == {EventStatus.CONFIRMED}


async def test_a_calendar_takes_back_what_was_lifted_before_it_began(hub: Notifications) -> None:
    begun = a_notice(effective_at=NOON, expected_end=None)
    await hub.hear(begun)
    (planned,) = await events(hub)
    lift = a_notice(kind="lift", effective_at=NOON, expected_end=None, subject=begun.subject)
    await hub.hear(lift)
    (cancelled,) = await events(hub)
    assert cancelled.uid == planned.uid
    assert (planned.sequence, cancelled.sequence) == (0, 1)
    assert cancelled.status == EventStatus.CANCELLED


async def test_a_feed_tells_a_reader_what_is_new_and_never_the_same_thing_twice(
    hub: Notifications,
) -> None:
    order, root = a_notice(), an_example(LedgerRootSigned)
    await hub.hear(order, root)
    before = feedparser.parse((await hub.client.get("/notices.atom")).content)
    lift = a_notice(kind="lift", subject=order.subject)
    await hub.hear(lift)
    after = feedparser.parse((await hub.client.get("/notices.atom")).content)
    assert not before.bozo
    assert not after.bozo
    seen = {entry.id: entry for entry in before.entries}
    (new,) = [entry for entry in after.entries if entry.id not in seen]
    assert (new.id, new.tags[0].term) == (f"urn:uuid:{lift.notice_id}", "lift")
    assert {entry.id: entry for entry in after.entries if entry.id in seen} == seen
    view = (await hub.get(f"/notices/{lift.notice_id}", "application/json")).json()
    moment = datetime.fromisoformat(view["visible_at"])
    assert calendar.timegm(new.updated_parsed) == int(moment.timestamp())
    assert after.feed.updated_parsed >= before.feed.updated_parsed
    assert all(entry.title and entry.summary and entry.link for entry in after.entries)
    assert after.feed.id == before.feed.id
    assert after.feed.author
