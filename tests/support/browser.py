"""A real headless Chromium for tests, got without root: npm package, node from a wheel, Playwright.

- ``async with open_browser() as browser``: a Playwright ``Browser``; one takes about 0.5 s.
- ``async with open_page(origin) as page``: a page of a fresh context with ``base_url`` set, in
  Vietnamese, at 1280 × 900; errors on the page's console fail the block.
- ``await axe_violations(page)``: what axe-core has against the page, as readable lines.
"""

import functools
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.support.keeper import ROOT, one_at_a_time

UNPACKED = ROOT / ".cache" / "browser" / "unpacked"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-features=AutofillServerCommunication,MediaRouter,OptimizationHints,Translate",
    "--disable-sync",
    "--font-render-hinting=none",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
)


@functools.cache
def program() -> Path:
    """Return Chromium's program, fetched and unpacked first where that was not done."""
    with one_at_a_time("browser"):
        setup = ROOT / "deploy" / "local" / "setup.py"
        subprocess.run([sys.executable, "-P", str(setup), "browser"], check=True)
    return UNPACKED / "chromium"


@functools.cache
def environment() -> dict[str, str | float | bool]:
    """Return the environment: with the libraries of the package where the system lacks some."""
    needed = subprocess.run(["ldd", str(program())], capture_output=True, text=True, check=False)
    if needed.returncode == 0 and "not found" not in needed.stdout:
        return {}
    return {"LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib")}


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Chromium and close it at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program(), args=list(ARGUMENTS), env=environment() or None
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(
    origin: str, browser: Browser | None = None, *, refused: Sequence[int] = ()
) -> AsyncIterator[Page]:
    """Open a page that knows ``origin``; raise at the end if its console showed an error.

    ``refused`` are statuses that the test asks for; the console names them, too.
    """
    if browser is None:
        async with open_browser() as own, open_page(origin, own, refused=refused) as page:
            yield page
        return
    context = await browser.new_context(
        base_url=origin, locale="vi-VN", viewport={"width": 1280, "height": 900}
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: _note(message, errors))
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    wanted = tuple(f"the server responded with a status of {status}" for status in refused)
    errors = [one for one in errors if not any(words in one for words in wanted)]
    assert not errors, f"the page complained: {errors}"


def _note(message: ConsoleMessage, errors: list[str]) -> None:
    if message.type == "error":
        errors.append(message.text)


async def axe_violations(page: Page) -> list[str]:
    """Return each accessibility violation of the page: rule, impact and the elements it is on."""
    found = await Axe().run(page)
    return [
        f"{item['id']} ({item['impact']}): {', '.join(str(n['target']) for n in item['nodes'])}"
        for item in found.response["violations"]
    ]
