"""The run's hub with its people, and a browser, for every test of the whole."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.support.browser import open_browser
from tests.support.hub import the_hub
from tests.support.town import Town, a_town


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """Give the run's hub with its people."""
    assert the_hub("demo")
    town = a_town()
    yield town
    town.http.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a real headless Chromium."""
    async with open_browser() as browser:
        yield browser
