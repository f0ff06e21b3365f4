"""What a connection may do, its quotas, and requests for a connection account."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take the step."""
