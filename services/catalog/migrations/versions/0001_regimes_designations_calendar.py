"""Regimes with their forms, designations of lead agencies, the calendar."""

from alembic import op

from chassis.migrations import create_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE regimes (
        code text PRIMARY KEY,
        name text NOT NULL,
        kind text NOT NULL,
        content_form text NOT NULL,
        frequency text NOT NULL,
        cut_off_rule text NOT NULL,
        due_working_days integer NOT NULL CHECK (due_working_days >= 1),
        recipient text NOT NULL,
        form jsonb NOT NULL,
        status text NOT NULL,
        legal_basis jsonb,
        in_force_from date,
        drafted_by text NOT NULL,
        drafted_at timestamptz NOT NULL,
        put_in_force_by text,
        revision integer NOT NULL,
        CONSTRAINT ck_regimes_status
            CHECK (status IN ('DRAFT', 'IN_FORCE', 'SUSPENDED', 'REPEALED')),
        CONSTRAINT ck_regimes_legal_basis CHECK (
            status = 'DRAFT'
            OR num_nulls(legal_basis, in_force_from, put_in_force_by) = 0
        )
    )
    """,
    """
    CREATE TABLE designations (
        id uuid PRIMARY KEY,
        regime text NOT NULL REFERENCES regimes (code),
        agency text NOT NULL,
        legal_basis jsonb NOT NULL,
        designated_by text NOT NULL,
        designated_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_designations_regime ON designations (regime, id)",
    """
    CREATE TABLE indicators (
        form text,
        code text,
        name text NOT NULL,
        unit text NOT NULL,
        PRIMARY KEY (form, code)
    )
    """,
    "CREATE INDEX ix_indicators_code ON indicators (code)",
    """
    CREATE TABLE calendars (
        year integer PRIMARY KEY,
        days_off jsonb NOT NULL,
        sources jsonb NOT NULL,
        unconfirmed jsonb NOT NULL,
        changed_at timestamptz NOT NULL
    )
    """,
    "CREATE TABLE known_agencies (code text PRIMARY KEY, name text NOT NULL)",
)


def upgrade() -> None:
    """Make the tables of catalog."""
    create_chassis_tables()
    for statement in TABLES:
        op.execute(statement)
