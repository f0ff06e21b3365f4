"""Systems that are asked for figures, and how far the asking has come."""

from alembic import op

revision = "0006"
down_revision = "0005"

STEPS = (
    """
    CREATE TABLE pulls (
        connection_id uuid CONSTRAINT pk_pulls PRIMARY KEY
            CONSTRAINT fk_pulls_connection_id_connections REFERENCES connections (id),
        kind text NOT NULL CONSTRAINT ck_pulls_kind CHECK (kind IN ('http', 'sftp')),
        settings jsonb NOT NULL,
        series uuid NOT NULL,
        sealed text,
        every_seconds integer NOT NULL
            CONSTRAINT ck_pulls_every_seconds CHECK (every_seconds >= 60),
        revision bigint NOT NULL,
        configured_by text NOT NULL,
        configured_by_name text NOT NULL,
        configured_at timestamptz NOT NULL,
        next_at timestamptz NOT NULL,
        claim uuid,
        claimed_until timestamptz,
        failures integer NOT NULL,
        last_started_at timestamptz,
        last_success_at timestamptz,
        last_error_at timestamptz,
        last_error text,
        last_error_params jsonb NOT NULL,
        CONSTRAINT ck_pulls_claim CHECK ((claim IS NULL) = (claimed_until IS NULL))
    )
    """,
    "CREATE INDEX ix_pulls_next_at ON pulls (next_at)",
    """
    CREATE TABLE pull_marks (
        connection_id uuid NOT NULL
            CONSTRAINT fk_pull_marks_connection_id_pulls REFERENCES pulls (connection_id)
            ON DELETE CASCADE,
        name text NOT NULL,
        value text NOT NULL,
        problem text,
        problem_params jsonb NOT NULL DEFAULT '{}',
        problem_at timestamptz,
        moved_at timestamptz NOT NULL,
        CONSTRAINT pk_pull_marks PRIMARY KEY (connection_id, name)
    )
    """,
)


def upgrade() -> None:
    """Keep what is asked, when, and what has been taken of it."""
    for statement in STEPS:
        op.execute(statement)
