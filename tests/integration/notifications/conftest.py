"""notifications as each test finds it: with nothing in it; and a mail server that it may use."""

from collections.abc import AsyncIterator

import pytest

from tests.support.builders_notifications import Notifications, a_notifications
from tests.support.mail import MailServer, a_mail_server
from tests.support.postgres import fresh_database, keep


@pytest.fixture(scope="session")
async def hub_of_session() -> AsyncIterator[Notifications]:
    """Start the service on a new database."""
    with fresh_database("notifications") as url:
        async with a_notifications(url) as hub:
            keep(url)
            yield hub


@pytest.fixture
def hub(hub_of_session: Notifications) -> Notifications:
    """Give the service with nothing in it."""
    hub_of_session.begin_anew()
    return hub_of_session


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """Give a mail server."""
    async with a_mail_server() as server:
        yield server
