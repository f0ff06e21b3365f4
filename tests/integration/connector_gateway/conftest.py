"""The gateway of each test on an empty database, and a receiver that it may deliver to."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from connector_gateway.connectors.menu import MENU
from connector_gateway.domain.dispatches import home_of
from connector_gateway.domain.sources import PullKind
from connector_gateway.jobs.dispatcher import Dispatcher
from tests.support.gateway import Gateway, a_gateway
from tests.support.partner import Receiver, receiving
from tests.support.postgres import fresh_database
from tests.support.pulled import Pulled, serving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a webhook receiver on the loopback."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def own_database() -> Iterator[str]:
    """Give this worker a database that only these tests use."""
    with fresh_database("connector-gateway") as url:
        yield url


@pytest.fixture(scope="session")
async def own_gateway(
    own_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """Give this worker a service that only these tests use."""
    async with a_gateway(own_database, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
async def gateway(own_gateway: Gateway, receiver: Receiver) -> Gateway:
    """Give the service as if it had just been installed."""
    await own_gateway.begin_anew(allowed_private_targets=receiver.target)
    return own_gateway


@pytest.fixture
async def dispatcher(gateway: Gateway) -> AsyncIterator[Dispatcher]:
    """Give a dispatcher that takes a round when it is told to."""
    dispatcher = Dispatcher(gateway.database, gateway.settings)
    yield dispatcher
    await dispatcher.close()


@pytest.fixture
async def pair(gateway: Gateway) -> AsyncIterator[list[Dispatcher]]:
    """Give two dispatchers that know of each other: first the home of ``ubnd-tinh``."""
    pair = [Dispatcher(gateway.database, gateway.settings) for _ in range(2)]
    home = home_of("ubnd-tinh", [one.replica for one in pair])
    yield sorted(pair, key=lambda one: one.replica != home)
    for one in pair:
        await one.close()


@pytest.fixture(params=sorted(MENU))
async def pulled(
    request: pytest.FixtureRequest, gateway: Gateway, tmp_path: Path
) -> AsyncIterator[Pulled]:
    """Give, for each kind on the menu, a connection whose system is asked."""
    async with serving(PullKind(request.param), tmp_path) as system:
        pulled = Pulled(gateway, system)
        pulled.permit()
        await gateway.open(pulled.code)
        assert (await pulled.configure()).status_code == 200
        yield pulled
