"""Feedback of users (Điều 13.3): sent, read first while it waits, answered once, consolidated."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest

from chassis.clock import now
from chassis.identifiers import new_id
from contracts.accounts.v1 import Role
from tests.support.builders_notifications import Notifications, an_account, token_of
from tests.support.services import a_token

AUTHOR = an_account(email="canbo@bao.vn")
OPERATOR = an_account(Role.OPERATOR, agency="STTTT", email="vanhanh@bao.vn")
TEXT = "Không dán được bảng từ Excel vào biểu mẫu."


async def send(hub: Notifications, **facts: Any) -> httpx.Response:
    """Send a feedback of the author."""
    body = {"text": TEXT, "page": "/", **facts}
    return await hub.call("POST", "/feedback", token_of(AUTHOR), body)


async def test_what_a_user_finds_difficult_reaches_the_operator(hub: Notifications) -> None:
    await hub.hear(AUTHOR, OPERATOR)
    answer = await send(hub, page="/bao-cao/1", contact="0204 3 555 123")
    assert answer.status_code == 201
    sent = answer.json()
    assert (sent["state"], sent["agency"], sent["topic"]) == ("waiting", "07201", None)
    (item,) = await hub.inbox_of(OPERATOR)
    assert item["body"] == f"Trang /bao-cao/1: {TEXT}"
    (listed,) = (await hub.call("GET", "/feedback", token_of(OPERATOR))).json()["items"]
    assert listed == sent


async def test_the_author_alone_gets_the_answer_in_the_inbox_and_by_mail(
    hub: Notifications,
) -> None:
    colleague = an_account(email="khac@bao.vn")
    await hub.hear(AUTHOR, OPERATOR, colleague)
    sent = (await send(hub)).json()
    path = f"/feedback/{sent['id']}/answer"
    reply = await hub.call("POST", path, token_of(OPERATOR), {"answer": "Đã sửa ngày 15/6."})
    assert reply.json()["state"] == "answered"
    (item,) = await hub.inbox_of(AUTHOR)
    assert item["kind"] == "feedback-answered"
    assert item["body"].startswith("Người kiểm thử trả lời: Đã sửa ngày 15/6.")
    assert item["body"].endswith(TEXT)
    assert await hub.inbox_of(colleague) == []
    assert hub.rows("SELECT recipient FROM mails") == [("canbo@bao.vn",)]
    again = await hub.call("POST", path, token_of(OPERATOR), {"answer": "Khác"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/feedback-is-answered")
    assert hub.rows("SELECT answer FROM feedbacks") == [("Đã sửa ngày 15/6.",)]


async def test_feedback_is_for_its_author_and_for_those_who_read_all(hub: Notifications) -> None:
    await hub.hear(AUTHOR)
    path = f"/feedback/{(await send(hub)).json()['id']}"
    codes = [
        (await hub.call("GET", path, token)).status_code
        for token in (token_of(AUTHOR), a_token(Role.AUDITOR), a_token(Role.OFFICER))
    ]
    assert codes == [200, 200, 404]
    missing = await hub.call("GET", f"/feedback/{new_id()}", a_token(Role.OPERATOR))
    assert missing.json()["type"] == "/problems/feedback-not-found"


async def test_what_waits_comes_first_in_pages(hub: Notifications) -> None:
    await hub.hear(AUTHOR, OPERATOR)
    ids = [(await send(hub)).json()["id"] for _ in range(4)]
    for answered in (ids[1], ids[3]):
        body = {"answer": "Đã rõ."}
        await hub.call("POST", f"/feedback/{answered}/answer", token_of(OPERATOR), body)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await hub.call("GET", "/feedback", token_of(OPERATOR), limit=1, **after)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == [ids[2], ids[0], ids[3], ids[1]]
    waiting = await hub.call("GET", "/feedback", token_of(OPERATOR), state="waiting")
    assert [item["id"] for item in waiting.json()["items"]] == [ids[2], ids[0]]


async def test_feedback_is_counted_by_topic_page_and_state_for_the_province(
    hub: Notifications,
) -> None:
    await hub.hear(AUTHOR, OPERATOR)
    ids = [(await send(hub, page=page)).json()["id"] for page in ("/a", "/a", "/b")]
    for one in ids[:2]:
        path = f"/feedback/{one}/topic"
        await hub.call("PUT", path, token_of(OPERATOR), {"topic": "Nhập từ Excel"})
    await hub.call("POST", f"/feedback/{ids[2]}/answer", token_of(OPERATOR), {"answer": "Rõ."})
    today = now().date()
    found = await summary(hub, today, today)
    assert found.json() == {
        "total": 3,
        "counts": [
            {"topic": "Nhập từ Excel", "page": "/a", "state": "waiting", "count": 2},
            {"topic": None, "page": "/b", "state": "answered", "count": 1},
        ],
    }
    yesterday = today - timedelta(days=1)
    assert (await summary(hub, yesterday, yesterday)).json() == {"total": 0, "counts": []}
    backwards = await summary(hub, today, yesterday)
    assert backwards.json()["type"] == "/problems/period-backwards"


async def summary(hub: Notifications, first: object, last: object) -> httpx.Response:
    """Count the feedback of some days."""
    days = {"from": str(first), "to": str(last)}
    return await hub.call("GET", "/feedback/summary", token_of(OPERATOR), **days)


async def test_feedback_is_taken_away_as_a_table_that_runs_nothing(hub: Notifications) -> None:
    await hub.hear(AUTHOR)
    await send(hub, text='=HYPERLINK("http://ác.vn")')
    days = {"from": str(now().date()), "to": str(now().date())}
    answer = await hub.call("GET", "/feedback/export.csv", a_token(Role.AUDITOR), **days)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["text"] == '\'=HYPERLINK("http://ác.vn")'
    assert row["state"] == "waiting"
    assert row["answer"] == ""


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"text": "  "}, "/text"),
        ({"text": "a" * 4001}, "/text"),
        ({"text": "Lỗi \x00"}, "/text"),
        ({"page": "https://ngoai.vn"}, "/page"),
        ({"contact": ""}, "/contact"),
        ({"topic": "Tự đặt"}, "/topic"),
    ],
)
async def test_feedback_that_says_nothing_or_cannot_be_read_is_refused_with_its_place(
    hub: Notifications, wrong: dict[str, str], pointer: str
) -> None:
    await hub.hear(AUTHOR)
    answer = await send(hub, **wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert answer.json()["errors"][0]["detail"]
    assert hub.rows("SELECT count(*) FROM feedbacks") == [(0,)]
    assert hub.rows("SELECT count(*) FROM inbox_items") == [(0,)]
