"""Dispatches that are sent anew on request, found by when they were made."""

from alembic import op

revision = "0008"
down_revision = "0007"

STEPS = (
    # Tries before the last redelivery: the ladder of retries begins anew with it.
    "ALTER TABLE dispatches ADD COLUMN attempts_before integer NOT NULL DEFAULT 0",
    "CREATE INDEX ix_dispatches_created_at ON dispatches (connection_id, created_at)",
)


def upgrade() -> None:
    """Let a dispatch be sent anew."""
    for statement in STEPS:
        op.execute(statement)
