"""How people are told beside the inbox: at once, in a digest, not; quiet hours; digests."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from chassis.clock import ZONE, now
from contracts.accounts.v1 import AccountIssued, AccountLocked, Role
from contracts.connector_gateway.v1 import ConnectionFlagged, ConnectionSuspended
from contracts.submissions.v1 import ReportAccepted, ReportAssigned, ReportReturned
from notifications.commands.digests import send_digests
from notifications.commands.inboxes import tell
from notifications.domain import messages
from notifications.domain.digests import closed_at
from tests.support.builders_notifications import (
    Notifications,
    an_account,
    an_example,
    token_of,
)
from tests.support.mail import MailServer

EVENING = datetime(2026, 6, 15, 22, tzinfo=ZONE)
MORNING = datetime(2026, 6, 16, 6, 30, tzinfo=ZONE)
NO_QUIET_HOURS: dict[str, Any] = {"quiet_hours": None}


async def prefer(hub: Notifications, account: AccountIssued, **wanted: Any) -> Any:
    """Choose how an account is told."""
    return await hub.call("PUT", "/preferences", token_of(account), NO_QUIET_HOURS | wanted)


async def test_whoever_has_chosen_nothing_is_told_the_usual_way(hub: Notifications) -> None:
    officer = an_account(email="canbo@bao.vn")
    await hub.hear(officer)
    found = (await hub.call("GET", "/preferences", token_of(officer))).json()
    assert found["email"] == "canbo@bao.vn"
    assert found["quiet_hours"] == {"begins": "21:00", "ends": "06:30"}
    assert found["ways"]["report-returned"] == "mail"
    assert found["ways"]["report-assigned"] == "digest"
    assert found["changed_at"] is None


async def test_a_choice_replaces_the_one_before(hub: Notifications) -> None:
    officer = an_account()
    await hub.hear(officer)
    await prefer(hub, officer, ways={"report-accepted": "mail"})
    quiet = {"begins": "12:00", "ends": "13:30"}
    answer = await prefer(hub, officer, ways={"report-returned": "none"}, quiet_hours=quiet)
    found = (await hub.call("GET", "/preferences", token_of(officer))).json()
    assert answer.json() == found
    assert found["ways"]["report-accepted"] == "digest"
    assert found["ways"]["report-returned"] == "none"
    assert found["quiet_hours"] == quiet
    assert found["changed_at"].endswith("+07:00")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"ways": {"report-lost": "mail"}}, "/ways/report-lost"),
        ({"ways": {"connection-flagged": "none"}}, "/ways/connection-flagged"),
        ({"ways": {"report-returned": "sms"}}, "/ways/report-returned"),
        ({"quiet_hours": {"begins": "25:00", "ends": "06:30"}}, "/quiet_hours/begins"),
        ({"quiet_hours": {"begins": "21:00"}}, "/quiet_hours/ends"),
        ({"quiet_hours": {"begins": "09:00", "ends": "09:00"}}, "/quiet_hours/ends"),
        ({"loud_hours": None}, "/loud_hours"),
    ],
)
async def test_what_cannot_be_chosen_is_refused_with_its_place(
    hub: Notifications, wrong: dict[str, Any], pointer: str
) -> None:
    officer = an_account()
    await hub.hear(officer)
    answer = await prefer(hub, officer, **wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert answer.json()["errors"][0]["detail"]
    assert hub.rows("SELECT count(*) FROM preferences") == [(0,)]


async def test_each_is_told_the_way_that_was_chosen(
    hub: Notifications, mail_server: MailServer
) -> None:
    at_once = an_account(email="ngay@bao.vn")
    later = an_account(Role.AGENCY_HEAD, email="hangngay@bao.vn")
    never = an_account(email="khong@bao.vn")
    no_address = an_account(email=None)
    neighbour = an_account(agency="07204", email="khac@bao.vn")
    await hub.hear(at_once, later, never, no_address, neighbour)
    await prefer(hub, at_once, ways={"report-assigned": "mail"})
    await prefer(hub, never, ways={"report-assigned": "none"})
    await hub.hear(an_example(ReportAssigned))
    await hub.send_mails(mail_server.post())
    assert mail_server.recipients() == ["ngay@bao.vn"]
    assert hub.rows("SELECT account_id FROM digest_lines") == [(later.account_id,)]
    for one in (at_once, later, never, no_address):
        assert len(await hub.inbox_of(one)) == 1


async def test_mail_waits_in_quiet_hours_and_leaves_when_they_end(
    hub: Notifications,
) -> None:
    await hub.hear(an_account(email="canbo@bao.vn"))
    returned = messages.returned(an_example(ReportReturned), messages.Names())
    async with hub.database.transaction() as session:
        await tell(session, [returned], now=EVENING)
    assert hub.rows("SELECT queued_at, leaves_at, next_attempt_at FROM mails") == [
        (EVENING, MORNING, MORNING)
    ]


async def test_security_is_told_at_once_whatever_was_chosen(hub: Notifications) -> None:
    operator = an_account(Role.CONNECTION_OPERATOR, agency="STTTT", email="vanhanh@bao.vn")
    owner = an_account(Role.AGENCY_HEAD, agency="VPUBND", email="chuquan@bao.vn")
    await hub.hear(operator, owner)
    for one in (operator, owner):
        await prefer(
            hub,
            one,
            ways={"connection-suspended": "none"},
            quiet_hours={"begins": "06:30", "ends": "06:29"},
        )
    urgent = [
        messages.flagged(an_example(ConnectionFlagged)),
        messages.suspended(an_example(ConnectionSuspended)),
    ]
    async with hub.database.transaction() as session:
        await tell(session, urgent, now=EVENING)
        await tell(
            session,
            [messages.suspended(an_example(ConnectionSuspended, ground="MAINTENANCE"))],
            now=EVENING,
        )
    assert hub.rows("SELECT recipient, leaves_at FROM mails ORDER BY recipient") == [
        ("chuquan@bao.vn", EVENING),
        ("vanhanh@bao.vn", EVENING),
    ]


async def test_a_digest_is_one_mail_a_day_and_only_if_there_was_something(
    hub: Notifications, mail_server: MailServer
) -> None:
    officer, head = an_account(email="canbo@bao.vn"), an_account(Role.AUDITOR, email="x@bao.vn")
    await hub.hear(officer, head, an_example(ReportAssigned), an_example(ReportAccepted))
    assert await digests(hub, now()) == 0
    tomorrow = closed_at(now()) + timedelta(days=1, hours=3)
    assert await digests(hub, tomorrow) == 1
    assert await digests(hub, tomorrow) == 0
    hub.age_mails(timedelta(days=2))
    await hub.send_mails(mail_server.post())
    (letter,) = mail_server.letters
    text, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert letter["To"] == "canbo@bao.vn"
    assert letter["Subject"] == f"Bản tin ngày {tomorrow:%d/%m/%Y}: 2 tin"
    assert text.get_content().index("Được giao") < text.get_content().index("đã được tiếp nhận")
    assert "http://hub.test/bao-cao/" in html.get_content()
    assert hub.rows("SELECT count(*) FROM digest_lines") == [(0,)]


async def digests(hub: Notifications, moment: datetime) -> int:
    """Send the digests that are due at a moment; return how many."""
    async with hub.database.transaction() as session:
        return await send_digests(session, now=moment)


async def test_what_comes_too_late_for_a_digest_is_in_the_next_one(hub: Notifications) -> None:
    await hub.hear(an_account(email="canbo@bao.vn"), an_example(ReportAssigned))
    tomorrow = closed_at(now()) + timedelta(days=1)
    await digests(hub, tomorrow)
    await hub.hear(an_example(ReportAccepted))
    assert await digests(hub, tomorrow + timedelta(hours=1)) == 0
    assert await digests(hub, tomorrow + timedelta(days=1)) == 1
    assert hub.rows("SELECT jsonb_array_length(facts -> 'lines') FROM mails") == [(1,), (1,)]


async def test_the_database_lets_no_second_digest_of_a_day_stand(hub: Notifications) -> None:
    await hub.hear(an_account(email="canbo@bao.vn"), an_example(ReportAssigned))
    await digests(hub, closed_at(now()) + timedelta(days=1))
    with psycopg.connect(hub.url) as other, pytest.raises(psycopg.errors.UniqueViolation):
        other.execute("INSERT INTO digests SELECT * FROM digests")


async def test_a_locked_account_gets_no_more_mail(hub: Notifications) -> None:
    officer = an_account(email="canbo@bao.vn")
    await hub.hear(officer, an_example(ReportAssigned))
    await prefer(hub, officer)
    await hub.hear(an_example(AccountLocked, account_id=officer.account_id))
    await hub.hear(an_example(ReportReturned))
    assert await digests(hub, now() + timedelta(days=2)) == 0
    assert hub.rows("SELECT count(*) FROM mails") == [(0,)]
    assert hub.rows("SELECT count(*) FROM preferences") == [(0,)]
