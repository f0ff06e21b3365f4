"""Public notices: visible at once, for good, once, in every form that people and programs read."""

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import feedparser
import httpx
import psycopg
import pytest
from icalendar import Calendar

from chassis.clock import now
from contracts.connector_gateway.v1 import LedgerRootSigned
from contracts.notifications.v1 import NoticePublished
from notifications.errors import NoticeIsPublic, RootIsPublic
from notifications.jobs.witness import see_new
from tests.support.builders_notifications import NOON, Notifications, a_notice, an_example

MISSING = UUID("019b4c20-6a80-7a11-9d3c-7c1f0e2d3b4a")


async def test_a_notice_is_public_as_soon_as_it_was_ordered(hub: Notifications) -> None:
    order = a_notice(public_reason="Chữ ký không hợp lệ")
    before = now()
    await hub.hear(order)
    view = (await hub.get(f"/notices/{order.notice_id}", "application/json")).json()
    assert view["public_reason"] == "Chữ ký không hợp lệ"
    assert before <= datetime.fromisoformat(view["visible_at"]) <= now()
    assert view["visible_at"].endswith("+07:00")


async def test_days_are_counted_from_when_the_page_was_read(hub: Notifications) -> None:
    order = a_notice(public_reason="Bảo trì <máy chủ> & đường truyền")
    await hub.hear(order)
    assert hub.said(NoticePublished.type) == []
    before = now()
    assert await hub.see_notices()
    (said,) = hub.said(NoticePublished.type)
    view = (await hub.get(f"/notices/{order.notice_id}", "application/json")).json()
    seen_at = datetime.fromisoformat(view["seen_at"])
    assert before <= seen_at <= now()
    assert said == NoticePublished(
        notice_id=order.notice_id, subject=order.subject, visible_at=seen_at
    )
    ((url, page),) = hub.rows("SELECT url, page FROM sightings")
    assert url == f"http://hub.test/notices/{order.notice_id}"
    assert "Bảo trì &lt;máy chủ&gt; &amp; đường truyền" in page.decode()
    assert "Kiểm chứng" in (await hub.get(f"/notices/{order.notice_id}")).text


async def test_a_notice_is_seen_once_by_however_many_readers(hub: Notifications) -> None:
    await hub.hear(a_notice(), a_notice())
    assert all([await hub.see_notices() for _ in range(2)])
    assert len(hub.said(NoticePublished.type)) == 2
    with psycopg.connect(hub.url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE sightings SET seen_at = seen_at - interval '1 day'")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="Đang bảo trì"),
        httpx.Response(200, text="<html>Trang khác</html>"),
        httpx.ConnectError("refused"),
    ],
    ids=["gateway is down", "another page", "nobody answers"],
)
async def test_what_the_public_cannot_read_is_not_said_to_be_public(
    hub: Notifications, answer: httpx.Response | httpx.ConnectError
) -> None:
    def gateway(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.Response):
            return answer
        raise answer

    await hub.hear(a_notice())
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as reader:
        assert not await see_new(hub.database, reader, "http://hub.test")
    assert hub.said(NoticePublished.type) == []
    assert await hub.see_notices()
    assert len(hub.said(NoticePublished.type)) == 1


async def test_an_order_that_comes_twice_publishes_once(hub: Notifications) -> None:
    order = a_notice()
    await hub.hear(order)
    await hub.hear(order)
    await hub.see_notices()
    assert len(hub.said(NoticePublished.type)) == 1
    assert hub.rows("SELECT count(*) FROM notices") == [(1,)]


async def test_other_words_under_a_public_id_are_refused(hub: Notifications) -> None:
    order = a_notice()
    await hub.hear(order)
    with pytest.raises(NoticeIsPublic):
        await hub.hear(order.model_copy(update={"public_reason": "Lý do khác"}))


@pytest.mark.parametrize("change", ["UPDATE notices SET scope = ''", "DELETE FROM notices"])
async def test_the_database_keeps_what_was_public(hub: Notifications, change: str) -> None:
    await hub.hear(a_notice())
    with psycopg.connect(hub.url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(change.encode())


async def test_the_page_is_vietnamese_escaped_and_without_inline_code(hub: Notifications) -> None:
    await hub.hear(a_notice(public_reason="<script>alert(1)</script>"))
    answer = await hub.get("/notices")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="vi">' in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"


async def test_an_empty_page_says_that_all_is_well(hub: Notifications) -> None:
    answer = await hub.get("/notices")
    assert "Chưa có thông báo nào" in answer.text
    assert (await hub.get("/notices", "application/json")).json() == {"items": [], "next": None}


async def test_notices_come_the_latest_first_in_pages(hub: Notifications) -> None:
    orders = [a_notice() for _ in range(3)]
    for order in orders:
        await hub.hear(order)
    first = (await hub.get("/notices", "application/json", limit=2)).json()
    second = (await hub.get("/notices", "application/json", limit=2, after=first["next"])).json()
    seen = [item["id"] for item in first["items"] + second["items"]]
    assert seen == [str(order.notice_id) for order in reversed(orders)]
    assert second["next"] is None
    older = await hub.get("/notices", limit=2)
    assert f'href="/notices?after={first["next"]}"' in older.text


@pytest.mark.parametrize("after", ["x", "WyJhIiwiYiJd", "W10", "WyIyMDI2LTAxLTAxIl0"])
async def test_a_cursor_that_no_page_gave_is_refused(hub: Notifications, after: str) -> None:
    answer = await hub.get("/notices", "application/json", after=after)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-cursor"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("application/json;q=0.5, text/html", "text/html"),
        ("text/html;q=0.2, application/json;q=0.9", "application/json"),
        ("application/json;q=nonsense", "text/html"),
    ],
)
async def test_the_form_follows_what_is_preferred(
    hub: Notifications, accept: str, kind: str
) -> None:
    answer = await hub.get("/notices", accept)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["vary"] == "Accept"


async def test_a_notice_that_is_not_there_is_a_page_for_people_and_a_problem_for_programs(
    hub: Notifications,
) -> None:
    page = await hub.get(f"/notices/{MISSING}")
    problem = await hub.get(f"/notices/{MISSING}", "application/json")
    assert (page.status_code, problem.status_code) == (404, 404)
    assert "Không tìm thấy thông báo" in page.text
    assert problem.json()["type"] == "/problems/notice-not-found"


async def test_a_notice_shows_the_course_of_its_suspension(hub: Notifications) -> None:
    begun = a_notice()
    lifted = a_notice(kind="lift", subject=begun.subject)
    await hub.hear(begun, lifted, a_notice())
    page = (await hub.get(f"/notices/{begun.notice_id}")).text
    assert "Diễn biến" in page
    assert f'href="/notices/{lifted.notice_id}"' in page
    assert page.count("/notices/0") == 1


async def test_the_style_is_served_from_here(hub: Notifications) -> None:
    answer = await hub.client.get("/notices/assets/notices.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert 'href="/notices/assets/notices.css"' in (await hub.get("/notices")).text


async def test_the_atom_feed_is_read_by_a_feed_reader(hub: Notifications) -> None:
    orders = [a_notice(scope=f"Kết nối {n}", effective_at=NOON) for n in range(2)]
    await hub.hear(*orders)
    answer = await hub.client.get("/notices.atom")
    feed = feedparser.parse(answer.content)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert not feed.bozo
    assert feed.version == "atom10"
    assert feed.feed.language == "vi"
    latest, first = feed.entries
    assert latest.id == f"urn:uuid:{orders[1].notice_id}"
    assert first.title == "Tạm ngừng kết nối: Kết nối 0"
    assert first.link == f"http://hub.test/notices/{orders[0].notice_id}"
    assert "Từ 12:00 15/06/2026, dự kiến đến 17:00 18/06/2026" in first.summary


async def test_a_signed_root_is_kept_in_the_feed_and_nowhere_else(hub: Notifications) -> None:
    roots = [
        an_example(LedgerRootSigned, day=f"2026-06-{14 + n}", signed_at=NOON + timedelta(days=n))
        for n in range(2)
    ]
    order = a_notice()
    await hub.hear(roots[0], order, roots[0], roots[1])
    feed = feedparser.parse((await hub.client.get("/notices.atom")).content)
    assert not feed.bozo
    assert [entry.tags[0].term for entry in feed.entries] == [
        *("suspension", "ledger-root", "ledger-root"),
    ]
    latest = feed.entries[1]
    assert latest.title == "Mã gốc sổ cái trao đổi ngày 15/06/2026"
    assert json.loads(latest.content[0].value) == {
        "day": "2026-06-15",
        "root": roots[1].root,
        "kid": roots[1].kid,
        "signature": roots[1].signature,
    }
    listed = (await hub.get("/notices", "application/json")).json()["items"]
    assert [item["id"] for item in listed] == [str(order.notice_id)]
    assert len(await hub.calendar()) == 1


async def test_another_root_of_the_same_day_is_refused(hub: Notifications) -> None:
    root = an_example(LedgerRootSigned)
    await hub.hear(root)
    with pytest.raises(RootIsPublic):
        await hub.hear(root.model_copy(update={"root": "0" * 64}))
    with psycopg.connect(hub.url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE known_ledger_roots SET root = 'x'")


async def test_an_empty_feed_is_a_feed_and_an_empty_calendar_a_calendar(
    hub: Notifications,
) -> None:
    feed = feedparser.parse((await hub.client.get("/notices.atom")).content)
    assert not feed.bozo
    assert feed.entries == []
    assert await hub.calendar() == []


async def test_a_maintenance_is_an_event_of_the_calendar(hub: Notifications) -> None:
    end = NOON + timedelta(hours=4)
    order = a_notice(ground="MAINTENANCE", effective_at=NOON, expected_end=end)
    await hub.hear(order)
    answer = await hub.client.get("/notices.ics")
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert event.decoded("dtstart") == NOON.astimezone(UTC)
    assert event.decoded("dtend") == end.astimezone(UTC)
    assert str(event["summary"]).startswith("Tạm ngừng kết nối")
    assert str(event["uid"]) == f"urn:uuid:{order.notice_id}"
    assert str(event["status"]) == "CONFIRMED"


async def test_a_lift_ends_the_event_and_an_extension_moves_its_end(hub: Notifications) -> None:
    end, later, lifted = (NOON + timedelta(hours=n) for n in (4, 8, 6))
    begun = a_notice(effective_at=NOON, expected_end=end)
    about = {"subject": begun.subject}
    await hub.hear(begun, a_notice(kind="extension", expected_end=later, **about))
    (event,) = await hub.calendar()
    assert event.decoded("dtend") == later
    await hub.hear(a_notice(kind="lift", effective_at=lifted, expected_end=None, **about))
    (event,) = await hub.calendar()
    assert event.decoded("dtend") == lifted


async def test_what_was_lifted_before_it_began_is_cancelled_in_the_calendar(
    hub: Notifications,
) -> None:
    begun = a_notice(effective_at=NOON, expected_end=None)
    lift = a_notice(kind="lift", effective_at=NOON, expected_end=None, subject=begun.subject)
    await hub.hear(begun, lift)
    (event,) = await hub.calendar()
    assert str(event["status"]) == "CANCELLED"
    assert "dtend" not in event
