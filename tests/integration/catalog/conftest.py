"""catalog on a database of its own: new for each test, or at rest for many that only look."""

from collections.abc import AsyncIterator

import pytest

from tests.support.builders_catalog import Catalog, a_catalog
from tests.support.postgres import fresh_database


@pytest.fixture
async def catalog() -> AsyncIterator[Catalog]:
    """Give the service on a new database."""
    with fresh_database("catalog") as url:
        async with a_catalog(url) as catalog:
            yield catalog


@pytest.fixture(scope="session")
async def at_rest() -> AsyncIterator[Catalog]:
    """Give a service that many tests share because none of them may change anything."""
    with fresh_database("catalog") as url:
        async with a_catalog(url) as catalog:
            yield catalog
