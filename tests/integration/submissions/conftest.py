"""submissions of each test, on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.support.postgres import fresh_database
from tests.support.reporting import Reporting, a_hub


@pytest.fixture
async def hub() -> AsyncIterator[Reporting]:
    """Give the service on a new database."""
    with fresh_database("submissions") as url:
        async with a_hub(url) as hub:
            yield hub
