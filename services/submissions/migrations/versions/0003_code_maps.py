"""Codes of other systems as the gateway announces them."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = (
    """
    CREATE TABLE known_code_maps (
        connection text NOT NULL,
        version integer NOT NULL,
        codes jsonb NOT NULL,
        CONSTRAINT pk_known_code_maps PRIMARY KEY (connection, version)
    )
    """,
)


def upgrade() -> None:
    """Keep every version: a delivery names the one that it is read with."""
    for statement in TABLES:
        op.execute(statement)
