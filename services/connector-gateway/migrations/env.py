"""Where alembic enters: the tables of this service, the prefix of its settings."""

from chassis.migrations import run
from connector_gateway.domain import Table

run(Table.metadata, "CONNECTOR_GATEWAY")
