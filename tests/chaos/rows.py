"""A look into the databases of a hub, past its services."""

from typing import Any

import psycopg

from deploy.local import keys
from tests.support.hub import RunningHub


def rows(hub: RunningHub, service: str, query: str, *arguments: Any) -> list[Any]:
    """Ask the database of a service."""
    with psycopg.connect(keys.superuser_url(hub.hub, service), connect_timeout=5) as connection:
        return connection.execute(query, arguments).fetchall()
