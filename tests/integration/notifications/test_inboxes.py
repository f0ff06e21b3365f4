"""Inboxes: each fact reaches exactly the people whom it concerns, many at once."""

from typing import Any

import pytest

from chassis.clock import now
from chassis.identifiers import new_id
from contracts.accounts.v1 import AccountLocked, AgencyOpened, Role
from contracts.catalog.v1 import RegimePutInForce
from contracts.connector_gateway.v1 import (
    ConnectionFlagged,
    ConnectionResumed,
    ConnectionSuspended,
)
from contracts.event import Event
from contracts.submissions.v1 import (
    ConsolidationForwarded,
    ReportAccepted,
    ReportAssigned,
    ReportReturned,
    ReportSubmitted,
)
from tests.support.builders_notifications import (
    Notifications,
    an_account,
    an_example,
    token_of,
)

PEOPLE = {
    "officer": an_account(Role.OFFICER),
    "head": an_account(Role.AGENCY_HEAD),
    "neighbour": an_account(Role.OFFICER, agency="07204"),
    "reviewer": an_account(Role.LEAD_AGENCY_REVIEWER, agency="VPUBND"),
    "lead officer": an_account(Role.OFFICER, agency="VPUBND"),
    "operator": an_account(Role.OPERATOR, agency="STTTT"),
    "connection operator": an_account(Role.CONNECTION_OPERATOR, agency="STTTT"),
    "auditor": an_account(Role.AUDITOR, agency="STTTT"),
}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (ReportAssigned, {"officer", "head"}),
        (ReportReturned, {"officer", "head"}),
        (ReportAccepted, {"officer", "head"}),
        (ReportSubmitted, {"reviewer"}),
        (ConsolidationForwarded, {"reviewer"}),
        (ConnectionFlagged, {"operator", "connection operator"}),
        (ConnectionSuspended, {"lead officer"}),
        (ConnectionResumed, {"lead officer"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_a_fact_reaches_those_whom_it_concerns(
    hub: Notifications, event: type[Event], told: set[str]
) -> None:
    await hub.hear(*PEOPLE.values(), an_example(event))
    items = {name: await hub.inbox_of(account) for name, account in PEOPLE.items()}
    assert {name for name, found in items.items() if found} == told
    assert all(len(found) <= 1 for found in items.values())
    assert not any("{" in text or "None" in text for text in words(items))


def words(items: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return every sentence that people read."""
    fields = ("subject", "body", "link")
    return [item[field] for found in items.values() for item in found for field in fields]


async def test_an_item_says_what_is_due_when_and_leads_there(hub: Notifications) -> None:
    officer = an_account()
    event = an_example(ReportAssigned)
    await hub.hear(officer, event)
    (item,) = await hub.inbox_of(officer)
    assert item["subject"] == f"Được giao báo cáo: {event.regime_name}, kỳ 2026-H1"
    assert item["body"] == "Chốt số liệu: 23:59 14/06/2026. Thời hạn gửi: 17:00 16/06/2026."
    assert item["link"] == f"/bao-cao/{event.report_id}"
    assert item["kind"] == "report-assigned"
    assert item["read_at"] is None


async def test_agencies_and_regimes_are_called_by_their_names(hub: Notifications) -> None:
    reviewer = an_account(Role.LEAD_AGENCY_REVIEWER, agency="VPUBND")
    await hub.hear(reviewer, an_example(ReportSubmitted))
    await hub.hear(an_example(AgencyOpened), an_example(RegimePutInForce))
    await hub.hear(an_example(ReportSubmitted, is_late=True))
    named, coded = await hub.inbox_of(reviewer)
    assert coded["subject"] == "07201 đã gửi báo cáo: TTHC-II06A, kỳ 2026-H1"
    assert named["subject"].startswith("Phường Thọ Xương đã gửi báo cáo (quá hạn): Kết quả")


async def test_a_province_is_told_in_one_transaction(hub: Notifications) -> None:
    units = [f"07{n:03}" for n in range(192)]
    await hub.hear(*(an_example(ReportAssigned, report_id=new_id(), unit=unit) for unit in units))
    assert len(hub.rows("SELECT DISTINCT xmin::text FROM inbox_items")) == 1
    for unit in (units[0], units[-1]):
        for role in (Role.OFFICER, Role.AGENCY_HEAD):
            assert len(await hub.inbox_of(an_account(role, agency=unit))) == 1


async def test_who_is_issued_an_account_later_is_not_told_of_the_past(hub: Notifications) -> None:
    await hub.hear(an_example(ReportAssigned))
    later = an_account(issued_at=now())
    await hub.hear(later)
    assert await hub.inbox_of(later) == []
    await hub.hear(an_example(ReportAccepted))
    assert [item["kind"] for item in await hub.inbox_of(later)] == ["report-accepted"]


async def test_who_is_told_need_not_be_known_yet(hub: Notifications) -> None:
    officer = an_account()
    await hub.hear(an_example(ReportAssigned))
    assert len(await hub.inbox_of(officer)) == 1
    await hub.hear(officer)
    assert len(await hub.inbox_of(officer)) == 1


async def test_what_a_locked_account_has_read_is_forgotten(hub: Notifications) -> None:
    officer = an_account()
    await hub.hear(officer, an_example(ReportAssigned))
    (item,) = await hub.inbox_of(officer)
    await hub.call("POST", f"/inbox/{item['id']}/read", token_of(officer))
    await hub.hear(an_example(AccountLocked, account_id=officer.account_id))
    assert hub.rows("SELECT count(*) FROM readings") == [(0,)]
    assert hub.rows("SELECT count(*) FROM known_accounts") == [(0,)]


async def test_a_person_reads_and_counts_only_the_own_inbox(hub: Notifications) -> None:
    officer, head = an_account(Role.OFFICER), an_account(Role.AGENCY_HEAD)
    await hub.hear(an_example(ReportAssigned))
    (item,) = await hub.inbox_of(officer)
    path = f"/inbox/{item['id']}/read"
    for stranger in (PEOPLE["neighbour"], PEOPLE["auditor"]):
        foreign = await hub.call("POST", path, token_of(stranger))
        assert foreign.status_code == 404
        assert foreign.json()["type"] == "/problems/inbox-item-not-found"
    assert (await hub.call("POST", path, token_of(officer))).status_code == 204
    counts = [
        (await hub.call("GET", "/inbox/unread-count", token_of(one))).json()["unread"]
        for one in (officer, head)
    ]
    assert counts == [0, 1]


async def test_reading_again_keeps_the_first_moment(hub: Notifications) -> None:
    officer = an_account()
    await hub.hear(officer, an_example(ReportAssigned))
    moments = []
    for _ in range(2):
        (item,) = await hub.inbox_of(officer)
        await hub.call("POST", f"/inbox/{item['id']}/read", token_of(officer))
        moments.append((await hub.inbox_of(officer))[0]["read_at"])
    assert moments[0] == moments[1]


async def test_an_inbox_comes_in_pages(hub: Notifications) -> None:
    officer = an_account()
    events = [an_example(ReportAssigned, report_id=new_id()) for _ in range(3)]
    await hub.hear(officer, *events)
    first = (await hub.call("GET", "/inbox", token_of(officer), limit=2)).json()
    rest = await hub.call("GET", "/inbox", token_of(officer), limit=2, after=first["next"])
    links = [item["link"] for item in first["items"] + rest.json()["items"]]
    assert sorted(links) == sorted(f"/bao-cao/{event.report_id}" for event in events)
    assert rest.json()["next"] is None


@pytest.mark.parametrize("path", ["/inbox", "/inbox/unread-count", "/mails"])
async def test_nobody_reads_without_signing_in(hub: Notifications, path: str) -> None:
    assert (await hub.client.get(f"/api/notifications/v1{path}")).status_code == 401
