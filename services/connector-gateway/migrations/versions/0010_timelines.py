"""Acts of people and of the hub are found among the deliveries of a chain."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Index what is no delivery, however long a chain of deliveries grows."""
    op.execute(
        "CREATE INDEX ix_ledger_entries_acts ON ledger_entries (chain, index DESC) "
        """WHERE entry NOT LIKE '%"kind":"delivery-%'"""
    )
