"""The browser that tests drive is a real Chromium, with Vietnamese and accessibility checks."""

import pytest

from tests.support.browser import axe_violations, open_browser, open_page

PAGE = (
    "data:text/html;charset=utf-8,"
    "<html lang=vi><title>Báo cáo</title><main><h1>Xin chào</h1>{}</main>"
)


async def test_a_page_opens_and_axe_says_what_is_wrong_with_it() -> None:
    async with open_browser() as browser:
        assert browser.version.startswith("153.")
        async with open_page("http://localhost", browser) as page:
            await page.goto(PAGE.format(""))
            assert await page.locator("h1").inner_text() == "Xin chào"
            assert await axe_violations(page) == []
            await page.goto(PAGE.format("<img src='data:,'>"))
            assert [line.split()[0] for line in await axe_violations(page)] == ["image-alt"]


async def test_an_error_on_the_page_s_console_fails_the_block() -> None:
    with pytest.raises(AssertionError, match="kaput"):
        async with open_page("http://localhost") as page:
            await page.goto(PAGE.format("<script>console.error('kaput')</script>"))
