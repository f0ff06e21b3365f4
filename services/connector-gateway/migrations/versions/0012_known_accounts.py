"""People are known by name: the ledger names whoever acted by the id of the account alone."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Keep the names of accounts, as accounts says them."""
    op.execute(
        """
        CREATE TABLE known_accounts (
            id text CONSTRAINT pk_known_accounts PRIMARY KEY,
            name text NOT NULL
        )
        """
    )
