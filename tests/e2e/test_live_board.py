"""The connections board tells the truth without a reload."""

from playwright.async_api import Browser, expect

from deploy.scenario.client import CONNECTIONS
from tests.support.browser import open_page
from tests.support.town import Town


async def test_a_suspension_shows_on_an_open_board_and_typed_words_stay(
    town: Town, browser: Browser
) -> None:
    first, second = town.person("ket-noi-1"), town.person("ket-noi-2")
    async with open_page(town.origin, browser) as page:
        await page.goto("/dang-nhap?ve=/ket-noi")
        await page.fill("#username", "ket-noi-2")
        await page.fill("#password", town.password("ket-noi-2"))
        await page.keyboard.press("Enter")
        await expect(page.locator("#truc-tiep")).to_contain_text("trực tiếp")
        await page.fill("#flag-dan-cu", "đang gõ dở")
        state = page.locator("#trang-thai-dan-cu")
        await expect(state).to_contain_text("Đang hoạt động")
        order = first.post(
            f"{CONNECTIONS}/suspensions",
            {
                "ground": "SECURITY_RISK",
                "scope": {"kind": "connection", "code": "dan-cu"},
                "public_reason": "Bảng phải tự cập nhật",
            },
        )
        try:
            await expect(state).to_contain_text("Tạm ngừng")
            assert await page.input_value("#flag-dan-cu") == "đang gõ dở"
        finally:
            path = f"{CONNECTIONS}/suspensions/{order['id']}/lift"
            first.post(path, {"remedy": "Đã xem"})
            second.post(f"{path}/approve")
        await expect(state).to_contain_text("Đang hoạt động")
