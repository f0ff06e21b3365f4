"""Codes of other systems and what they mean here."""

from alembic import op

revision = "0003"
down_revision = "0002"

STEPS = (
    """
    CREATE TABLE code_maps (
        connection_id uuid NOT NULL
            CONSTRAINT fk_code_maps_connection_id_connections REFERENCES connections (id),
        version integer NOT NULL CONSTRAINT ck_code_maps_version CHECK (version >= 1),
        codes jsonb NOT NULL,
        published_by text NOT NULL,
        published_by_name text NOT NULL,
        published_at timestamptz NOT NULL,
        CONSTRAINT pk_code_maps PRIMARY KEY (connection_id, version)
    )
    """,
    """
    CREATE TRIGGER code_maps_stay BEFORE UPDATE OR DELETE ON code_maps
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
    # Beside the fence, so that a push finds the version in the row that it locks anyway.
    "ALTER TABLE connections ADD COLUMN code_map_version integer NOT NULL DEFAULT 0",
    "ALTER TABLE held_deliveries ADD COLUMN code_map_version integer NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    """Keep what codes mean, and which version each delivery is read with."""
    for statement in STEPS:
        op.execute(statement)
