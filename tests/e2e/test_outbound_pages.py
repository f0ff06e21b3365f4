"""What goes out: the delivery log with its acts, and the wizard that lets go what was held."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from connector_gateway.domain.dispatches import TEST
from deploy.local.layout import RECEIVER
from deploy.scenario.client import CONNECTIONS
from tests.support.browser import axe_violations, open_page
from tests.support.partner import Receiver, receiving
from tests.support.town import Town
from tests.support.waiting import until

OUT = f"{CONNECTIONS}/connections/chinh-phu"
ALWAYS = {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z", "type": TEST}


@pytest.fixture
async def receiver(town: Town) -> AsyncIterator[Receiver]:
    """Give the receiver to which the scenario's connection sends."""
    async with receiving(town.hub.hub.port + RECEIVER) as receiver:
        yield receiver


@pytest.fixture
def order(town: Town, receiver: Receiver) -> Iterator[dict[str, Any]]:
    """Give an order that stops the connection while something of it is held."""
    first, second = town.person("ket-noi-1"), town.person("ket-noi-2")
    first.post(f"{OUT}/dispatches/test", {})
    order = first.post(
        f"{CONNECTIONS}/suspensions",
        {
            "ground": "SECURITY_RISK",
            "scope": {"kind": "connection", "code": "chinh-phu"},
            "public_reason": "Máy chủ bên nhận có dấu hiệu bị chiếm quyền",
        },
    )
    first.post(f"{OUT}/dispatches/redeliver", ALWAYS)
    yield order
    path = f"{CONNECTIONS}/suspensions/{order['id']}"
    if first.get(path)["state"] == "IN_FORCE":
        first.post(f"{path}/lift", {"remedy": "Phép thử dừng giữa chừng"})
    if first.get(path)["state"] == "LIFT_REQUESTED":
        second.post(f"{path}/lift/approve", {})


async def enter(page: Page, town: Town, username: str, path: str) -> None:
    """Sign in and arrive at ``path``."""
    await page.goto(f"/dang-nhap?ve={path}")
    await page.fill("#username", username)
    await page.fill("#password", town.password(username))
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{path}")


@asynccontextmanager
async def without_scripts(town: Town, browser: Browser) -> AsyncIterator[Page]:
    """Open a page of a small screen whose browser runs no script."""
    context = await browser.new_context(
        base_url=town.origin, viewport={"width": 320, "height": 900}, java_script_enabled=False
    )
    yield await context.new_page()
    await context.close()


async def figures(page: Page) -> list[str]:
    """Return what a preview counts: held, released, superseded, discarded."""
    return (await page.locator("tbody td").all_inner_texts())[:4]


async def until_received(receiver: Receiver, count: int) -> None:
    """Wait until so many dispatches have come."""

    async def have_come() -> bool:
        return len(receiver.received) >= count

    await until(have_come)


async def test_a_dispatch_is_looked_at_and_sent_anew_alone_and_with_its_range(
    town: Town, browser: Browser, receiver: Receiver
) -> None:
    async with open_page(town.origin, browser) as page:
        await enter(page, town, "ket-noi-1", "/ket-noi/chinh-phu/nhat-ky-gui")
        await page.click("button:has-text('Gửi thử')")
        course = page.locator("#dien-bien")
        await expect(course).to_contain_text("trả lời 204")
        receiver.answers, receiver.says = ["500"], "máy chủ bận".encode()
        await page.click("button:has-text('Gửi lại lượt này')")
        await expect(course).to_contain_text("Không gửi được")
        await page.locator("summary").first.click()
        for told in ("2 lần thử", receiver.received[0].id, "trả lời 500", "máy chủ bận"):
            await expect(course).to_contain_text(told)
        assert await axe_violations(page) == []
        await page.click("text=Nhật ký gửi")
        await page.select_option("#trang_thai", "failed")
        await page.click("button:has-text('Lọc')")
        await expect(page.locator("tbody a")).to_have_count(1)
        await page.click("summary")
        await page.fill("#from", "2020-01-01T00:00")
        await page.fill("#to", "2099-01-01T00:00")
        await page.select_option("#type", TEST)
        assert await axe_violations(page) == []
        await page.click("button:has-text('Gửi lại khoảng này')")
        await expect(page.locator(".govuk-inset-text")).to_contain_text("lượt được gửi lại")
        await page.locator("tbody a").first.click()
        await expect(course).to_contain_text("3 lần thử")
        await expect(course).to_contain_text("Đã nhận")
    ids = [one.id for one in receiver.received]
    assert ids.count(ids[0]) == 3


async def test_what_was_held_is_previewed_by_two_people_before_it_goes_on(
    town: Town, browser: Browser, receiver: Receiver, order: dict[str, Any]
) -> None:
    async with open_page(town.origin, browser, refused=[422, 403]) as page:
        await enter(page, town, "ket-noi-1", f"/tam-ngung/{order['id']}")
        await page.click("text=Bắt đầu khôi phục")
        receiver.answers = ["500"]
        await page.click("button:has-text('Thử kết nối')")
        await expect(page.locator("#da-thu")).to_contain_text("chưa đạt")
        await page.click("button:has-text('Thử lại')")
        await expect(page.locator("#da-thu")).to_contain_text("Thử đạt")
        await page.reload()
        await expect(page.locator("section.hub-box")).to_contain_text("người thử: Vũ Thị Lan")
        assert await axe_violations(page) == []
        await page.click("a:has-text('Tiếp tục')")
        await page.check("#choose-discard")
        await page.click("button:has-text('Xem trước')")
        await expect(page.locator("#van-de")).to_contain_text("Thiếu lý do")
        assert await axe_violations(page) == []
        await page.check("#choose-latest")
        await page.click("button:has-text('Xem trước')")
        held, released, _, discarded = await figures(page)
        assert (released, discarded) == (held, "0")
        await page.fill("#remedy", "Đã cài lại máy chủ, thay khóa")
        await page.click("button:has-text('Sửa quyết định')")
        await expect(page.locator("#choose-latest")).to_be_checked()
        await page.check("#choose-discard")
        await page.fill("#discard_reason", "Đã gửi bản giấy")
        await page.click("button:has-text('Xem trước')")
        assert await axe_violations(page) == []
        assert await figures(page) == [held, "0", "0", held]
        assert await page.input_value("#remedy") == "Đã cài lại máy chủ, thay khóa"
        await page.click("button:has-text('Đề nghị khôi phục')")
        await page.click("text=Xem và duyệt")
        await page.click("button:has-text('Duyệt khôi phục')")
        await expect(page.locator("#van-de")).to_contain_text("Cần người thứ hai")
        assert await axe_violations(page) == []
    async with without_scripts(town, browser) as page:
        await enter(page, town, "ket-noi-2", f"/tam-ngung/{order['id']}/khoi-phuc/duyet")
        await expect(page.locator("dl")).to_contain_text("Đã cài lại máy chủ, thay khóa")
        await expect(page.locator("dl")).to_contain_text("Bỏ tất cả (lý do: Đã gửi bản giấy)")
        assert await figures(page) == [held, "0", "0", held]
        await expect(page.locator("#da-thu")).to_contain_text("Thử đạt")
        await expect(page.locator("section.hub-box")).to_contain_text("người thử: Vũ Thị Lan")
        await page.click("button:has-text('Thử lại')")
        await expect(page.locator("section.hub-box")).to_contain_text("người thử: Hoàng Đức Anh")
        await page.click("button:has-text('Duyệt khôi phục')")
        await expect(page.locator("h1 + p")).to_contain_text("Đã khôi phục")
        await page.goto("/ket-noi/chinh-phu/nhat-ky-gui?trang_thai=discarded")
        await page.locator("tbody a").first.click()
        await expect(page.locator("#dien-bien")).to_contain_text("Đã bỏ")
        before = len(receiver.received)
        await page.click("button:has-text('Gửi lại lượt này')")
        await until_received(receiver, before + 1)
