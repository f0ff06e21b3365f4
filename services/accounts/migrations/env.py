"""Migrations of accounts."""

from accounts.domain import Table
from chassis.migrations import run

run(Table.metadata, "ACCOUNTS")
