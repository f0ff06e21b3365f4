"""submissions of each test: one service and database a module, emptied before each test."""

from collections.abc import AsyncIterator

import pytest

from tests.support.postgres import fresh_database
from tests.support.reporting import Reporting, a_hub


@pytest.fixture(scope="module")
async def hub_of_module() -> AsyncIterator[Reporting]:
    """Start the service on a new database."""
    with fresh_database("submissions") as url:
        async with a_hub(url) as hub:
            yield hub


@pytest.fixture
async def hub(hub_of_module: Reporting) -> Reporting:
    """Give the service without any report."""
    await hub_of_module.begin_anew()
    return hub_of_module
