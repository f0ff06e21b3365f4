"""Migrations of catalog."""

from catalog.domain import Table
from chassis.migrations import run

run(Table.metadata, "CATALOG")
