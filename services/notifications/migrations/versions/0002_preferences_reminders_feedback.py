"""How people want to be told, reminders, feedback of users."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take the step."""
