"""Mail: queued with the fact, sent by a real SMTP server, tried again, given up with a reason."""

from datetime import timedelta

import psycopg
import pytest
from prometheus_client import REGISTRY

from chassis.clock import now
from chassis.identifiers import new_id
from contracts.accounts.v1 import Role
from contracts.connector_gateway.v1 import ConnectionResumed, ConnectionSuspended
from notifications.channels.smtp import Post
from notifications.domain.mails import GIVE_UP_AFTER, Fate
from notifications.jobs import measure
from tests.support.builders_notifications import Notifications, a_notice, an_account, an_example
from tests.support.mail import MailServer
from tests.support.services import a_token

SUBSCRIPTIONS = "/api/notifications/v1/subscriptions"
OWNER = "hethong.tthc@bacgiang.gov.vn"


async def test_the_owner_of_a_suspended_system_gets_a_mail(
    hub: Notifications, mail_server: MailServer
) -> None:
    event = an_example(ConnectionSuspended)
    await hub.hear(event)
    assert await hub.send_mails(mail_server.post()) == {Fate.TAKEN: 1}
    (letter,) = mail_server.letters
    text = letter.get_body(("plain",))
    html = letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert letter["To"] == OWNER
    assert letter["Subject"].startswith("Tạm ngừng kết nối")
    assert "điểm c khoản 1 Điều 8" in text.get_content()
    assert str(event.suspension_id) in text.get_content()
    assert f"http://hub.test/notices/{event.notice_id}" in text.get_content()
    assert '<html lang="vi">' in html.get_content()


async def test_the_owner_learns_of_the_resumption(
    hub: Notifications, mail_server: MailServer
) -> None:
    await hub.hear(an_example(ConnectionResumed))
    await hub.send_mails(mail_server.post())
    assert "hoạt động trở lại" in mail_server.letters[0]["Subject"]


async def test_subscribers_get_every_notice_once(
    hub: Notifications, mail_server: MailServer
) -> None:
    for address in ("a@bao.vn", "b@bao.vn", "a@bao.vn", "A@bao.vn"):
        answer = await hub.client.post(SUBSCRIPTIONS, json={"email": address})
        assert answer.status_code == 204
    order = a_notice()
    await hub.hear(order)
    await hub.hear(order)
    await hub.send_mails(mail_server.post())
    assert sorted(mail_server.recipients()) == ["a@bao.vn", "b@bao.vn"]
    assert await hub.send_mails(mail_server.post()) == {}


@pytest.mark.parametrize("address", ["", "a", "a@b", "a b@c.vn", "a@b.vn\nBcc: x@y.vn", "@b.vn"])
async def test_what_is_no_address_is_refused_with_its_place(
    hub: Notifications, address: str
) -> None:
    answer = await hub.client.post(SUBSCRIPTIONS, json={"email": address})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/email"
    assert hub.rows("SELECT count(*) FROM subscribers") == [(0,)]


async def test_a_person_subscribes_on_the_page(hub: Notifications) -> None:
    wrong = await hub.client.post("/notices/subscriptions", data={"email": "canbo@"})
    right = await hub.client.post("/notices/subscriptions", data={"email": " CanBo@bao.vn "})
    assert (wrong.status_code, right.status_code) == (422, 200)
    assert 'aria-invalid="true"' in wrong.text
    assert 'value="canbo@"' in wrong.text
    assert hub.rows("SELECT email FROM subscribers") == [("canbo@bao.vn",)]


async def test_a_form_that_is_too_long_is_not_read_to_its_end(hub: Notifications) -> None:
    answer = await hub.client.post("/notices/subscriptions", data={"email": "a" * 5000})
    assert answer.status_code == 413


async def test_a_subscription_by_program_is_json(hub: Notifications) -> None:
    answer = await hub.client.post(SUBSCRIPTIONS, data={"email": "a@bao.vn"})
    assert answer.status_code == 415


async def test_whoever_holds_a_mail_ends_the_subscription_in_one_click(
    hub: Notifications, mail_server: MailServer
) -> None:
    await hub.client.post(SUBSCRIPTIONS, json={"email": "a@bao.vn"})
    await hub.hear(a_notice())
    await hub.send_mails(mail_server.post())
    way_out = mail_server.letters[0]["List-Unsubscribe"].strip(" <>")
    assert "Ngừng nhận" in (await hub.client.get(way_out)).text
    assert hub.rows("SELECT count(*) FROM subscribers") == [(1,)]
    for _ in range(2):
        answer = await hub.client.post(way_out, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert hub.rows("SELECT count(*) FROM subscribers") == [(0,)]


async def test_a_repeated_mail_keeps_its_message_id(
    hub: Notifications, mail_server: MailServer
) -> None:
    await hub.hear(an_example(ConnectionSuspended))
    await hub.send_mails(mail_server.post())
    hub.forget_that_mails_were_sent()
    await hub.send_mails(mail_server.post())
    first, second = mail_server.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


async def test_a_server_that_is_down_costs_a_mail_nothing(
    hub: Notifications, mail_server: MailServer
) -> None:
    await hub.hear(an_example(ConnectionSuspended))
    nowhere = Post("127.0.0.1", 9, "x@y.vn", "http://hub.test")
    assert await hub.send_mails(nowhere) == {Fate.NOT_OFFERED: 1}
    ((state, attempts, why),) = hub.rows("SELECT state, attempts, last_error FROM mails")
    assert (state, attempts) == ("queued", 0)
    assert "SMTPConnectError" in why
    assert await hub.send_mails(mail_server.post()) == {Fate.TAKEN: 1}
    assert hub.rows("SELECT last_error FROM mails") == [(None,)]


async def test_a_mail_refused_for_good_fails_with_the_servers_words_and_operators_see_it(
    hub: Notifications, mail_server: MailServer
) -> None:
    mail_server.answers[OWNER] = "550 No such user"
    await hub.hear(an_example(ConnectionSuspended), an_example(ConnectionResumed))
    assert await hub.send_mails(mail_server.post()) == {Fate.REFUSED_FOR_GOOD: 2}
    answer = await hub.call("GET", "/mails", a_token(Role.OPERATOR), state="failed", limit=1)
    (mail,) = answer.json()["items"]
    assert mail["last_error"] == "550 No such user"
    assert mail["recipient"] == OWNER
    assert answer.json()["next"]


async def test_a_mail_refused_for_now_is_tried_again_later_until_it_is_given_up(
    hub: Notifications, mail_server: MailServer
) -> None:
    mail_server.answers[OWNER] = "450 Greylisted"
    await hub.hear(an_example(ConnectionSuspended))
    assert await hub.send_mails(mail_server.post()) == {Fate.REFUSED_FOR_NOW: 1}
    assert await hub.send_mails(mail_server.post()) == {}
    hub.age_mails(GIVE_UP_AFTER)
    assert await hub.send_mails(mail_server.post()) == {Fate.REFUSED_FOR_NOW: 1}
    assert hub.rows("SELECT state, attempts FROM mails") == [("failed", 2)]


async def test_one_bad_mail_does_not_hold_up_the_others(
    hub: Notifications, mail_server: MailServer
) -> None:
    for owner in ("không-phải-địa-chỉ", "tốt@bộ.vn", "a@b.vn\r\nBcc: c@d.vn", OWNER):
        await hub.hear(an_example(ConnectionSuspended, owner_email=owner))
    fates = await hub.send_mails(mail_server.post())
    assert OWNER in mail_server.recipients()
    assert fates[Fate.NOT_OFFERED] == 0
    assert "c@d.vn" not in str(mail_server.letters)


async def test_two_processes_do_not_send_the_same_mail(
    hub: Notifications, mail_server: MailServer
) -> None:
    await hub.hear(an_example(ConnectionSuspended))
    with psycopg.connect(hub.url) as other:
        other.execute("SELECT 1 FROM mails FOR UPDATE")
        assert await hub.send_mails(mail_server.post()) == {}
    assert await hub.send_mails(mail_server.post()) == {Fate.TAKEN: 1}


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AGENCY_HEAD, Role.CONNECTION_OPERATOR])
async def test_mails_are_not_for_everyone_to_list(hub: Notifications, role: Role) -> None:
    answer = await hub.call("GET", "/mails", a_token(role))
    assert answer.status_code == 403


async def test_a_person_has_an_inbox_and_a_system_has_none(hub: Notifications) -> None:
    system = a_token(connection="qg-tthc", sub="qg-tthc", sid=str(new_id()))
    answer = await hub.call("GET", "/inbox", system)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/no-inbox"
    assert await hub.inbox_of(an_account()) == []


async def test_an_operator_sends_a_mail_again_that_was_given_up(
    hub: Notifications, mail_server: MailServer
) -> None:
    mail_server.answers[OWNER] = "550 Mailbox full"
    await hub.hear(an_example(ConnectionSuspended))
    await hub.send_mails(mail_server.post())
    hub.age_mails(2 * GIVE_UP_AFTER)
    (mail,) = (await hub.call("GET", "/mails", a_token(Role.OPERATOR))).json()["items"]
    mail_server.answers[OWNER] = "450 Still full"
    again = await hub.call("POST", f"/mails/{mail['id']}/retry", a_token(Role.OPERATOR))
    assert again.status_code == 204
    assert await hub.send_mails(mail_server.post()) == {Fate.REFUSED_FOR_NOW: 1}
    assert hub.rows("SELECT state, attempts FROM mails") == [("queued", 1)]


async def test_only_a_mail_that_was_given_up_is_sent_again_by_hand(
    hub: Notifications, mail_server: MailServer
) -> None:
    await hub.hear(an_example(ConnectionSuspended))
    ((mail_id,),) = hub.rows("SELECT id FROM mails")
    await hub.send_mails(mail_server.post())
    sent = await hub.call("POST", f"/mails/{mail_id}/retry", a_token(Role.OPERATOR))
    missing = await hub.call("POST", f"/mails/{new_id()}/retry", a_token(Role.OPERATOR))
    assert (sent.status_code, missing.status_code) == (409, 404)
    assert sent.json()["type"] == "/problems/mail-has-not-failed"
    assert missing.json()["type"] == "/problems/mail-not-found"


async def test_each_answer_is_kept_before_the_next_mail_is_offered(
    hub: Notifications, mail_server: MailServer
) -> None:
    sent_before: list[int] = []
    mail_server.on_letter = lambda: sent_before.append(
        hub.rows("SELECT count(*) FROM mails WHERE state = 'sent'")[0][0]
    )
    await hub.hear(*(an_example(ConnectionSuspended) for _ in range(3)))
    await hub.send_mails(mail_server.post())
    assert sent_before == [0, 1, 2]


async def test_watchers_see_how_many_mails_wait_and_for_how_long(
    hub: Notifications, mail_server: MailServer
) -> None:
    mail_server.answers[OWNER] = "550 No such user"
    await hub.hear(an_example(ConnectionSuspended))
    await hub.send_mails(mail_server.post())
    await hub.hear(an_example(ConnectionResumed))
    hub.age_mails(timedelta(hours=1))
    async with hub.database.transaction() as session:
        await measure(session, now())
    for state in ("queued", "failed"):
        age = REGISTRY.get_sample_value("hub_mails_oldest_seconds", {"state": state})
        assert REGISTRY.get_sample_value("hub_mails_waiting", {"state": state}) == 1
        assert age is not None
        assert 3600 <= age < 3700
