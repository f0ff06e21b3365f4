"""Letters as people see them on a narrow telephone: all of the text, nothing past the edge."""

import unicodedata

import pytest
from playwright.async_api import Page

from chassis.identifiers import new_id
from contracts.connector_gateway.v1 import ConnectionSuspended
from notifications.channels.letters import letter
from notifications.domain import messages
from notifications.domain.mails import Mail, Template
from notifications.domain.notices import Notice
from notifications.queries.notices import notice_view
from tests.support.browser import open_page
from tests.support.builders_notifications import NOON, ORIGIN, a_mail, a_notice, an_example

LONG_CODE = "HE-THONG-THONG-TIN-GIAI-QUYET-THU-TUC-HANH-CHINH-CUA-TINH-BAC-GIANG"
STOPPED = messages.suspended(an_example(ConnectionSuspended, system_name=f"Hệ thống {LONG_CODE}"))
LINE = {"subject": STOPPED.subject, "body": STOPPED.body, "link": STOPPED.link}
NOTICE = notice_view(
    Notice.publish(a_notice(expected_end=NOON, scope=f"Kết nối {LONG_CODE}"), now=NOON)
)
LETTERS: dict[Template, Mail] = {
    Template.MESSAGE: a_mail(subject=STOPPED.subject, facts=LINE),
    Template.DIGEST: a_mail(
        template=Template.DIGEST, facts={"day": "16/06/2026", "lines": [LINE] * 3}
    ),
    Template.NOTICE: a_mail(
        template=Template.NOTICE,
        facts={"notice": NOTICE.model_dump(mode="json"), "subscription": str(new_id())},
    ),
}


def html_of(mail: Mail) -> str:
    """Return the HTML of a letter."""
    part = letter(mail, sender="hub@bao.vn", origin=ORIGIN).get_body(("html",))
    assert part is not None
    return str(part.get_content())


async def is_wider(page: Page, width: int) -> bool:
    """Say whether something of the page lies past its edge."""
    found: int = await page.evaluate("document.documentElement.scrollWidth")
    return found > width


async def test_every_letter_fits_a_narrow_telephone() -> None:
    async with open_page(ORIGIN) as page:
        await page.set_viewport_size({"width": 320, "height": 640})
        wide = []
        for template in Template:
            await page.set_content(html_of(LETTERS[template]))
            if await is_wider(page, 320):
                wide.append(template)
    assert not wide


@pytest.mark.parametrize("template", Template)
def test_a_letter_is_vietnamese_in_nfc_and_asks_for_nothing_from_outside(
    template: Template,
) -> None:
    html = html_of(LETTERS[template])
    assert '<html lang="vi">' in html
    assert unicodedata.is_normalized("NFC", html)
    assert not any(word in html for word in ("<img", "<script", "<link", "url(", "{{", "None"))
