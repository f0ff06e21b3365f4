"""What a connection subscribes to, and the log of every try."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Take the step."""
