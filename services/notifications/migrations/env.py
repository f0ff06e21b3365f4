"""Migrations of notifications."""

from chassis.migrations import run
from notifications.domain import Table

run(Table.metadata, "NOTIFICATIONS")
