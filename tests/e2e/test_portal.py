"""The portal in a real browser: by keyboard alone, and without one accessibility violation."""

from datetime import datetime

import pytest
from playwright.async_api import Browser, Page, Route, expect

from chassis.clock import ZONE
from deploy.scenario.client import ACCOUNTS
from tests.support.browser import axe_violations, open_page
from tests.support.town import REGIME, Town, a_key

COMMUNE = "07210"


async def sign_in(page: Page, town: Town, username: str) -> None:
    """Sign in by keyboard alone."""
    await page.goto("/dang-nhap")
    await page.keyboard.press("Tab")
    while not await page.evaluate("() => document.activeElement.id === 'username'"):
        await page.keyboard.press("Tab")
    await page.keyboard.type(username)
    await page.keyboard.press("Tab")
    await page.keyboard.type(town.password(username))
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: "dang-nhap" not in url)


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus stands on ``selector``."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


async def type_what_stays_here(page: Page, text: str) -> None:
    """Type a figure into the first open cell, and see that the browser keeps it."""
    await tab_to(page, "td[data-open]")
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-state]")).to_contain_text("giữ trên máy này")


async def test_an_officer_enters_and_the_head_approves_and_sends_by_keyboard_alone(
    town: Town, browser: Browser
) -> None:
    report = town.report_of(COMMUNE)
    async with open_page(town.origin, browser) as page:
        await sign_in(page, town, f"cb-{COMMUNE}")
        await tab_to(page, f"a[href='/bao-cao/{report}']")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/bao-cao/{report}")
        await tab_to(page, "td[data-open]")
        for value in ("1.234,5", "12", "1.2.3"):
            await page.keyboard.type(value)
            await page.keyboard.press("Enter")
        await expect(page.locator("td[data-cell='3:plan']")).to_have_attribute("data-is", "invalid")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.type("7")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-state]")).to_contain_text("Đã lưu")
    async with open_page(town.origin, browser) as page:
        await sign_in(page, town, f"ld-{COMMUNE}")
        await tab_to(page, f"a[href='/bao-cao/{report}']")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/bao-cao/{report}")
        await expect(page.locator("td[data-cell='1:plan']")).to_contain_text("1.234,5")
        await tab_to(page, "#phe-duyet")
        await page.keyboard.press("Enter")
        await expect(page.locator("#trang-thai")).to_contain_text("Đã phê duyệt")
        await tab_to(page, "#gui")
        await page.keyboard.press("Enter")
        await expect(page.locator("#trang-thai")).to_contain_text("Đã gửi")


def an_initial_account(town: Town) -> dict[str, str]:
    """Issue an account whose first password has to be changed."""
    name = f"moi-{a_key()[:8]}"
    moment = datetime.now(ZONE)
    request = {
        "number": f"{name}/STTTT",
        "date": moment.date().isoformat(),
        "received_at": moment.isoformat(),
        "agency": "STTTT",
        "action": "issue",
        "reason": "new",
    }
    account = {
        "username": name,
        "password": f"lần đầu vào {name}",
        "display_name": "Người mới",
        "email": f"{name}@bacgiang.gov.vn",
        "agency": "STTTT",
        "roles": ["connection_operator"],
    }
    body = {"written_request": request, "accounts": [account]}
    town.person("van-hanh").post(f"{ACCOUNTS}/accounts", body)
    return {"username": name, "password": str(account["password"])}


PAGES = [
    ("cb-07213", "/viec-cua-toi"),
    ("cb-07213", "/bao-cao/{report}"),
    ("cb-07213", "/bao-cao/{report}/phien-ban"),
    ("cb-07213", "/hop-tin"),
    ("cb-07213", "/tuy-chon"),
    ("cb-07213", "/phan-anh"),
    ("tong-hop-stttt", "/viec-cua-toi"),
    ("tong-hop-stttt", "/tien-do"),
    ("tong-hop-stttt", "/tien-do/{regime}/{period}"),
    ("tong-hop-stttt", "/bao-cao/{report}/ra-soat"),
    ("ket-noi-1", "/ket-noi"),
    ("ket-noi-1", "/ket-noi/dan-cu"),
    ("ket-noi-1", "/ket-noi/dan-cu/tam-ngung"),
    ("ket-noi-1", "/ket-noi/chinh-phu/nhat-ky-gui"),
    ("ket-noi-1", "/de-nghi-ket-noi"),
    ("ket-noi-1", "/nhat-ky-trao-doi"),
    ("cb-07213", "/tam-ngung/{report}/da-biet"),
    ("ket-noi-1", "/khong-co-trang-nay"),
]


@pytest.mark.parametrize("width", [1280, 320])
async def test_no_page_has_an_accessibility_violation(
    town: Town, browser: Browser, width: int
) -> None:
    names = {"report": town.report_of("07213"), "regime": REGIME, "period": town.period}
    found: dict[str, list[str]] = {}
    for username in sorted({username for username, _ in PAGES}):
        context = await browser.new_context(
            base_url=town.origin, viewport={"width": width, "height": 900}
        )
        page = await context.new_page()
        await sign_in(page, town, username)
        for path in [path for name, path in PAGES if name == username]:
            await page.goto(path.format(**names))
            found[path] = await axe_violations(page)
        await context.close()
    assert found == {path: [] for _, path in PAGES}


@pytest.mark.parametrize("path", ["/dang-nhap", "/notices", "/docs", "/problems/stale-etag"])
async def test_no_public_page_has_an_accessibility_violation(
    town: Town, browser: Browser, path: str
) -> None:
    async with open_page(town.origin, browser) as page:
        await page.goto(path)
        assert await axe_violations(page) == []


async def test_a_due_password_is_changed_before_the_page_that_was_asked_for(
    town: Town, browser: Browser
) -> None:
    account = an_initial_account(town)
    async with open_page(town.origin, browser, refused=[422]) as page:
        await page.goto("/dang-nhap?ve=/ket-noi/dan-cu")
        await page.fill("#username", account["username"])
        await page.fill("#password", account["password"])
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/doi-mat-khau?ve=/ket-noi/dan-cu")
        await expect(page.locator(".govuk-inset-text")).to_contain_text("đến hạn thay đổi")
        await page.goto("/ket-noi/dan-cu/nhat-ky-gui?trang_thai=held&sau=")
        await expect(page.locator("h1")).to_contain_text("Đổi mật khẩu")
        await page.goto("/ket-noi/dan-cu?sau=")
        assert await axe_violations(page) == []
        for current in ("không phải mật khẩu này", account["password"]):
            await page.fill("#current", current)
            await page.fill("#new", "mười hai con giáp ngồi thuyền")
            await page.keyboard.press("Enter")
        await page.wait_for_url("**/ket-noi/dan-cu?sau=")
        await expect(page.locator("h1")).to_contain_text("Dân cư")


async def test_what_is_typed_without_a_network_is_kept_and_saved_later(
    town: Town, browser: Browser
) -> None:
    report = town.report_of("07216")
    context = await browser.new_context(base_url=town.origin)
    page = await context.new_page()
    await sign_in(page, town, "cb-07216")
    await page.goto(f"/bao-cao/{report}")
    await context.set_offline(True)
    await type_what_stays_here(page, "55")
    await page.close()
    await context.set_offline(False)
    page = await context.new_page()
    await page.goto(f"/bao-cao/{report}")
    await expect(page.locator("[data-state]")).to_contain_text("Đã lưu")
    await expect(page.locator("td[data-cell='1:plan']")).to_contain_text("55")
    await context.close()


async def test_what_was_saved_though_its_answer_was_lost_is_told_as_saved_and_forgotten(
    town: Town, browser: Browser
) -> None:
    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    report = town.report_of("07231")
    context = await browser.new_context(base_url=town.origin)
    page = await context.new_page()
    await sign_in(page, town, "cb-07231")
    await page.goto(f"/bao-cao/{report}")
    await page.route("**/so-lieu", lose_the_answer)
    await type_what_stays_here(page, "57")
    await page.close()
    page = await context.new_page()
    await page.goto(f"/bao-cao/{report}")
    await expect(page.locator("[data-state]")).to_contain_text("Đã lưu")
    await expect(page.locator("td[data-cell='1:plan']")).to_contain_text("57")
    assert await page.evaluate("localStorage.length") == 0
    await context.close()


async def test_a_form_from_another_site_changes_nothing(town: Town) -> None:
    answer = town.http.post(
        "/dang-nhap",
        data={"username": "cb-07213", "password": town.password("cb-07213"), "back": "/"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_pages_allow_no_inline_script_and_no_frame(town: Town) -> None:
    policy = town.http.get("/dang-nhap").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
