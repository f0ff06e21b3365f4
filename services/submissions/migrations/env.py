"""Migrations of submissions."""

from chassis.migrations import run
from submissions.domain import Table

run(Table.metadata, "SUBMISSIONS")
