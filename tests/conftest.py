"""Fixtures of all tests; what they do stands in ``tests/support``."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from tests.support.kafka import renew_topics
from tests.support.keeper import end
from tests.support.postgres import postgres_url, rolled_back_session
from tests.support.scheduling import LongestFirst, leaves_the_hub


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LongestFirst:
    """Begin with what takes minutes; keep a file, and the shared hub, in one worker."""
    return LongestFirst(config, log)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the shared hub after its last test: at rest it takes a quarter of a core."""
    if leaves_the_hub(item, nextitem):
        end("hub")


@pytest.fixture
def service(request: pytest.FixtureRequest) -> str:
    """Return the service whose folder the test stands in: tests/integration/<package>/…."""
    tests = Path(__file__).parent
    return request.path.relative_to(tests).parts[1].replace("_", "-")


@pytest.fixture
def database_url(service: str) -> str:
    """Return this worker's migrated database of the service under test."""
    return postgres_url(service)


@pytest.fixture
async def session(service: str) -> AsyncIterator[AsyncSession]:
    """Give a session on the service's database; all it does is undone after the test."""
    async with rolled_back_session(service) as session:
        yield session


@pytest.fixture
async def kafka() -> str:
    """Return where this worker's broker listens, its topics empty."""
    return await renew_topics()
