"""Codes of other systems and what they mean here."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Take the step."""
