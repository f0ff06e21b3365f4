"""What stands between empty servers and the services: roles, databases, migrations, topics."""

import asyncio

import psycopg

from deploy.kafka.topics import make_topics
from deploy.local import databases, keys
from deploy.local.layout import SERVICES, Hub, package_of


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
