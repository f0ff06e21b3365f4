"""The gateway of each test on a database of its own, and a receiver that it may deliver to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connector_gateway.jobs.dispatcher import Dispatcher
from tests.support.gateway import Gateway, a_gateway
from tests.support.partner import Receiver, receiving
from tests.support.postgres import fresh_database


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a webhook receiver on the loopback."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def gateway(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Gateway]:
    """Give the service on a new database."""
    with fresh_database("connector-gateway") as url:
        async with a_gateway(url, tmp_path, allowed_private_targets=receiver.target) as gateway:
            yield gateway


@pytest.fixture
async def dispatcher(gateway: Gateway) -> AsyncIterator[Dispatcher]:
    """Give a dispatcher that takes a round when it is told to."""
    dispatcher = Dispatcher(gateway.database, gateway.settings)
    yield dispatcher
    await dispatcher.close()
