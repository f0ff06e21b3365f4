"""What detectors saw, extensions of orders, bounds of what is held."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Take the step."""
