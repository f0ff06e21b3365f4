"""Codes of other systems as the gateway announces them."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Take the step."""
