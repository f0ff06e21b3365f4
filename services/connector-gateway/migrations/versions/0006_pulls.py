"""Systems that are asked for figures, and how far the asking has come."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Take the step."""
