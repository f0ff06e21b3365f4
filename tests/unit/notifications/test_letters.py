"""Letters as mail servers and mail programs read them."""

import email
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtplib.email import flatten_message

from chassis.identifiers import new_id
from notifications.channels.letters import letter
from notifications.domain.mails import Template
from tests.support.builders_notifications import NOON, a_mail

ORIGIN = "https://baocao.bacgiang.gov.vn"
SUBJECT = "Tạm ngừng kết nối: Kết nối Hệ thống thông tin giải quyết thủ tục hành chính"


def test_a_letter_survives_its_way() -> None:
    mail = a_mail(
        subject=SUBJECT, facts={"subject": SUBJECT, "body": "<b>Điều 8.4</b>", "link": "/notices"}
    )
    flat = flatten_message(letter(mail, sender="hub@bao.vn", origin=ORIGIN))
    read = email.message_from_bytes(flat, policy=default)
    assert isinstance(read, EmailMessage)
    text, html = (read.get_body((kind,)) for kind in ("plain", "html"))
    assert read["Subject"] == SUBJECT
    assert read["Message-ID"] == f"<{mail.id}@bao.vn>"
    assert read["Date"].datetime == NOON
    assert text is not None
    assert html is not None
    assert "<b>Điều 8.4</b>" in text.get_content()
    assert "&lt;b&gt;Điều 8.4" in html.get_content()
    assert f'href="{ORIGIN}/notices"' in html.get_content()


def test_the_way_out_of_a_subscription_is_a_url_on_one_line() -> None:
    token = new_id()
    notice = {
        "id": str(new_id()),
        "title": SUBJECT,
        "ground_text": "Bất khả kháng",
        "scope": "Toàn bộ kết nối của hệ thống",
        "public_reason": "Bão",
        "effective_at": NOON.isoformat(),
        "expected_end": None,
        "visible_at": NOON.isoformat(),
    }
    mail = a_mail(template=Template.NOTICE, facts={"notice": notice, "subscription": str(token)})
    flat = flatten_message(letter(mail, sender="hub@bao.vn", origin=ORIGIN)).decode()
    way_out = f"{ORIGIN}/notices/subscriptions/{token}"
    assert f"\r\nList-Unsubscribe: <{way_out}>\r\n" in flat
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in flat


@pytest.mark.parametrize("recipient", ["a@b.vn\r\nBcc: c@d.vn", "a@b.vn\nX: y"])
def test_a_recipient_cannot_add_headers(recipient: str) -> None:
    mail = a_mail(recipient=recipient)
    with pytest.raises(ValueError, match=r"linefeed|newline|carriage|CR|LF"):
        letter(mail, sender="hub@bao.vn", origin=ORIGIN)
