"""Screen 11: what an order would do is shown, then it is given; a second person lifts it."""

from datetime import datetime, timedelta

from playwright.async_api import Browser, Page, expect

from chassis.clock import ZONE
from tests.support.browser import axe_violations, open_page
from tests.support.town import Town


async def enter(page: Page, town: Town, username: str, path: str) -> None:
    """Sign in and arrive at ``path``."""
    await page.goto(f"/dang-nhap?ve={path}")
    await page.fill("#username", username)
    await page.fill("#password", town.password(username))
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{path}")


async def test_an_order_is_previewed_given_and_lifted_by_two_people(
    town: Town, browser: Browser
) -> None:
    async with open_page(town.origin, browser) as page:
        await enter(page, town, "ket-noi-1", "/ket-noi/dan-cu/tam-ngung")
        await page.fill("#public_reason", "Máy chủ có dấu hiệu bị chiếm quyền")
        await page.click("button[value=preview]")
        plan = page.locator("section.hub-box")
        await expect(plan).to_contain_text("Có hiệu lực ngay khi ra lệnh")
        await expect(plan).to_contain_text("Máy chủ có dấu hiệu bị chiếm quyền")
        assert await axe_violations(page) == []
        await plan.locator("button[value=order]").click()
        await page.wait_for_url("**/tam-ngung/*")
        order = page.url
        await expect(page.locator("h1 + p")).to_contain_text("Đang tạm ngừng")
        assert await axe_violations(page) == []
        await page.click("text=Bắt đầu khôi phục")
        await page.click("a:has-text('Tiếp tục, không thử')")
        await expect(page.locator("main")).to_contain_text("không phải quyết định gì")
        await page.click("button:has-text('Xem trước')")
        await page.fill("#remedy", "Đã cài lại máy chủ, thay khóa")
        await page.click("button:has-text('Đề nghị khôi phục')")
        await expect(page.locator("h1 + p")).to_contain_text("Chờ người thứ hai")
    async with open_page(town.origin, browser) as page:
        await enter(page, town, "ket-noi-2", order.removeprefix(town.origin))
        await page.click("text=Xem và duyệt")
        await page.click("button:has-text('Duyệt khôi phục')")
        await expect(page.locator("h1 + p")).to_contain_text("Đã khôi phục")
        await page.goto("/ket-noi/dan-cu")
        course = page.locator(".hub-course")
        for act in ("Ra lệnh tạm ngừng", "Đề nghị khôi phục", "Khôi phục"):
            await expect(course).to_contain_text(act)
        await expect(course).to_contain_text("người đề nghị: Vũ Thị Lan")
        await expect(course).to_contain_text("người duyệt: Hoàng Đức Anh")


async def test_maintenance_too_soon_is_told_the_earliest_day_and_keeps_what_was_typed(
    town: Town, browser: Browser
) -> None:
    soon = datetime.now(ZONE) + timedelta(days=1)
    async with open_page(town.origin, browser, refused=[422]) as page:
        await enter(page, town, "ket-noi-1", "/ket-noi/dan-cu/tam-ngung")
        await page.check("#ground-MAINTENANCE")
        await page.fill("#public_reason", "Nâng cấp hệ thống")
        await page.fill("#effective_at", f"{soon:%Y-%m-%dT%H:%M}")
        await page.click("button[value=preview]")
        await expect(page.locator("#van-de")).to_contain_text("ngày làm việc")
        await expect(page.locator(".govuk-inset-text")).to_contain_text("sớm nhất")
        assert await page.input_value("#public_reason") == "Nâng cấp hệ thống"
        assert await page.input_value("#effective_at") == f"{soon:%Y-%m-%dT%H:%M}"
        assert await axe_violations(page) == []


async def test_the_ledger_is_checked_on_its_page_and_handed_out(
    town: Town, browser: Browser
) -> None:
    async with open_page(town.origin, browser) as page:
        await enter(page, town, "ket-noi-1", "/nhat-ky-trao-doi")
        await page.click("button:has-text('Kiểm tra')")
        await expect(page.locator("#ket-qua")).to_contain_text("Nguyên vẹn")
        assert await axe_violations(page) == []
        async with page.expect_download() as begun:
            await page.click("button:has-text('Tải về')")
        file = await (await begun.value).path()
        assert file.read_bytes().splitlines()[-1].startswith(b'{"kid":')


async def test_the_number_of_unread_messages_stands_beside_the_inbox(
    town: Town, browser: Browser
) -> None:
    async with open_page(town.origin, browser) as page:
        await enter(page, town, "cb-07216", "/viec-cua-toi")
        await expect(page.locator("#hop-tin")).to_contain_text("chưa đọc")
