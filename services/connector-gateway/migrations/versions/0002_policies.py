"""What a connection may do beyond its grants, and what it has spent of its quota."""

from alembic import op

revision = "0002"
down_revision = "0001"

# In the connection's row, which a push locks anyway, so that a quota is exact on every replica.
STEPS = (
    "ALTER TABLE connections ADD COLUMN policy text",
    "ALTER TABLE connections ADD COLUMN policy_revision integer NOT NULL DEFAULT 1",
    "ALTER TABLE connections ADD COLUMN paced_until timestamptz",
    "ALTER TABLE connections ADD COLUMN spent_on date",
    "ALTER TABLE connections ADD COLUMN spent_bytes bigint NOT NULL DEFAULT 0 "
    "CONSTRAINT ck_connections_spent_bytes CHECK (spent_bytes >= 0)",
)


def upgrade() -> None:
    """Give connections a policy; without one they may do what their grants say."""
    for step in STEPS:
        op.execute(step)
