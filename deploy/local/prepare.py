"""What stands between empty servers and the services: roles, databases, migrations, topics.

A program of its own (``python -m deploy.local.prepare``), so that only it pays for the import of
what migrates; with ``--held`` it begins when its input is closed. A force majeure that was
declared while the database was down is ordered here.
"""

import asyncio
import sys

import psycopg
from rich.console import Console

from deploy.kafka.topics import make_topics
from deploy.local import databases, declarations, keys
from deploy.local.layout import SERVICES, Hub, hub_from_environment, package_of


def prepare(hub: Hub) -> None:
    """Make what is missing; what is there already stays as it is."""
    with psycopg.connect(keys.superuser_url(hub), autocommit=True) as server:
        for service in SERVICES:
            role = package_of(service)
            databases.make_role(server, role, keys.password(hub, f"database-{service}"))
            databases.make_database(server, role, owner=role)
    for service in SERVICES:
        databases.migrate(service, keys.database_url(hub, service))
    asyncio.run(make_topics(hub.kafka_bootstrap))


def main() -> None:
    """Prepare the hub of the environment; its servers run."""
    if "--held" in sys.argv:
        sys.stdin.read()
    hub = hub_from_environment()
    prepare(hub)
    try:
        declarations.settle(hub)
    except declarations.Refused as why:
        said = f"The declared force majeure could not be ordered: {why}"
        Console(highlight=False).print(said, soft_wrap=True)


if __name__ == "__main__":
    main()
