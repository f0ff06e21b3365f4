"""Bounds of what is held, resuming in steps."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Take the step."""
