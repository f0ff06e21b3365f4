"""accounts of each test, on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.builders_accounts import Accounts, an_accounts
from tests.support.postgres import fresh_database


@pytest.fixture
async def accounts(tmp_path: Path) -> AsyncIterator[Accounts]:
    """Give the service on a new database."""
    with fresh_database("accounts") as url:
        async with an_accounts(url, tmp_path) as accounts:
            yield accounts
