"""notifications on a database of each test's own, and a mail server that it may use."""

from collections.abc import AsyncIterator

import pytest

from tests.support.builders_notifications import Notifications, a_notifications
from tests.support.mail import MailServer, a_mail_server
from tests.support.postgres import fresh_database


@pytest.fixture
async def hub() -> AsyncIterator[Notifications]:
    """Give the service on a new database."""
    with fresh_database("notifications") as url:
        async with a_notifications(url) as hub:
            yield hub


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """Give a mail server."""
    async with a_mail_server() as server:
        yield server
