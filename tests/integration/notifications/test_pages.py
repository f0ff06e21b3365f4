"""The public pages in a real browser: nothing for axe to say, usable by keyboard, on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.identifiers import new_id
from tests.support.browser import axe_violations, open_page
from tests.support.builders_notifications import Notifications, a_notice
from tests.support.services import running

NOWHERE = "127.0.0.1:9"


@pytest.fixture
async def origin(hub: Notifications, tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of the service's pages, on the test's database."""
    async with running("notifications", hub.url, NOWHERE, tmp_path, ROLE="api") as live:
        yield live.url


async def test_axe_has_nothing_against_any_page(hub: Notifications, origin: str) -> None:
    begun = a_notice(public_reason="Nâng cấp máy chủ cơ sở dữ liệu tại Trung tâm dữ liệu của tỉnh")
    async with open_page(origin) as page:
        await page.goto("/notices")
        assert await page.get_by_role("heading", name="Chưa có thông báo nào").is_visible()
        assert await axe_violations(page) == []
        await hub.hear(begun, a_notice(kind="lift", subject=begun.subject))
        for path in (
            "/notices",
            f"/notices/{begun.notice_id}",
            f"/notices/subscriptions/{new_id()}",
        ):
            await page.goto(path)
            assert await axe_violations(page) == []


async def test_a_person_subscribes_by_keyboard_alone(hub: Notifications, origin: str) -> None:
    async with open_page(origin) as page:
        await page.goto("/notices")
        await page.keyboard.press("Tab")
        assert await page.locator(":focus").inner_text() == "Đến nội dung chính"
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.type("can-bo@bao.vn")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Đã đăng ký nhận thông báo").wait_for()
        assert await axe_violations(page) == []
    assert hub.rows("SELECT email FROM subscribers") == [("can-bo@bao.vn",)]


async def test_the_list_fits_a_phone(hub: Notifications, origin: str) -> None:
    await hub.hear(a_notice(scope="Kết nối " + "Hệ thống thông tin " * 5))
    async with open_page(origin) as page:
        await page.set_viewport_size({"width": 320, "height": 640})
        await page.goto("/notices")
        width: int = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 320
