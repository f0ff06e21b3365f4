"""accounts on a database of its own: new for each test, or at rest for many that only look."""

from collections.abc import AsyncIterator

import pytest

from tests.support.builders_accounts import Accounts, an_accounts
from tests.support.postgres import fresh_database


@pytest.fixture
async def accounts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Accounts]:
    """Give the service on a new database."""
    with fresh_database("accounts") as url:
        async with an_accounts(url, tmp_path_factory.mktemp("accounts")) as accounts:
            yield accounts


@pytest.fixture(scope="module")
async def at_rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Accounts]:
    """Give a service that many tests share because none of them may change anything."""
    with fresh_database("accounts") as url:
        async with an_accounts(url, tmp_path_factory.mktemp("at-rest")) as accounts:
            yield accounts
