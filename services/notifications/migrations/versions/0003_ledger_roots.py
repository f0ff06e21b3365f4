"""Signed roots of the exchange ledger, as the feed of notices makes them public."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROOTS = (
    """
    CREATE TABLE known_ledger_roots (
        day date PRIMARY KEY,
        root text NOT NULL,
        kid text NOT NULL,
        signature text NOT NULL,
        signed_at timestamptz NOT NULL
    )
    """,
    # A root that could be exchanged would prove nothing: it stays, as a notice does.
    """
    CREATE TRIGGER keep_ledger_roots BEFORE UPDATE OR DELETE ON known_ledger_roots
    FOR EACH ROW EXECUTE FUNCTION keep_public_notices()
    """,
)


def upgrade() -> None:
    """Make the table of roots."""
    for statement in ROOTS:
        op.execute(statement)
