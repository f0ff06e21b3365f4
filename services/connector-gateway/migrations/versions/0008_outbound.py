"""Log of outbound tries and what is sent again."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Take the step."""
