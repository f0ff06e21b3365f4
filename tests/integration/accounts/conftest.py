"""accounts as each test finds it, at its beginning; or at rest for many that only look."""

from collections.abc import AsyncIterator

import pytest

from tests.support.builders_accounts import Accounts, an_accounts
from tests.support.postgres import fresh_database, keep


@pytest.fixture(scope="session")
async def accounts_of_session(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Accounts]:
    """Start the service on a new database."""
    with fresh_database("accounts") as url:
        async with an_accounts(url, tmp_path_factory.mktemp("accounts")) as accounts:
            keep(url)
            yield accounts


@pytest.fixture
def accounts(accounts_of_session: Accounts) -> Accounts:
    """Give the service as it is at its beginning."""
    accounts_of_session.begin_anew()
    return accounts_of_session


@pytest.fixture(scope="module")
async def at_rest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Accounts]:
    """Give a service that many tests share because none of them may change anything."""
    with fresh_database("accounts") as url:
        async with an_accounts(url, tmp_path_factory.mktemp("at-rest")) as accounts:
            yield accounts
