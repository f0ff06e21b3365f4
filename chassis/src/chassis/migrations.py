"""Migrations of a service: alembic on the service's own database, forward only."""

import os

from alembic import context, op
from sqlalchemy import MetaData, create_engine
from sqlalchemy.engine import make_url

CHASSIS_TABLES = (
    """
    CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id uuid NOT NULL UNIQUE,
        topic text NOT NULL,
        key text NOT NULL,
        type text NOT NULL,
        headers bytea NOT NULL,
        value bytea NOT NULL,
        traceparent text,
        created_at timestamptz NOT NULL,
        sent_at timestamptz
    )
    """,
    "ALTER TABLE outbox ALTER COLUMN value SET STORAGE EXTERNAL",
    "CREATE INDEX ix_outbox_unsent ON outbox (seq) WHERE sent_at IS NULL",
    "CREATE INDEX ix_outbox_sent_at ON outbox (sent_at) WHERE sent_at IS NOT NULL",
    """
    CREATE TABLE inbox (
        reader text NOT NULL,
        event_id text NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (reader, event_id)
    )
    """,
    """
    CREATE TABLE known_keys (
        kid text PRIMARY KEY,
        issuer text NOT NULL,
        jwk jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE known_revocations (
        session_id uuid PRIMARY KEY,
        revoked_at timestamptz NOT NULL
    )
    """,
)
"""Tables that every service has: outbox, inbox, public keys, ended sessions."""


def create_chassis_tables() -> None:
    """Create the tables of the chassis; the first migration of a service calls it first."""
    for statement in CHASSIS_TABLES:
        op.execute(statement)


def run(metadata: MetaData, prefix: str) -> None:
    """Run the migrations of the service whose settings begin with ``prefix`` (``CATALOG``)."""
    url = make_url(os.environ[f"{prefix}_DATABASE_URL"]).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
