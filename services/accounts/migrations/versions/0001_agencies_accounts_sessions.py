"""Agencies, written requests, accounts, sessions and the calendar that their clock needs."""

from alembic import op

from chassis.migrations import create_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE agencies (
        code text PRIMARY KEY,
        identification_code text UNIQUE,
        name text NOT NULL,
        level text NOT NULL,
        parent_code text REFERENCES agencies (code) DEFERRABLE INITIALLY DEFERRED,
        valid_from date NOT NULL,
        valid_to date,
        legal_basis text NOT NULL,
        CONSTRAINT ck_agencies_validity CHECK (valid_to IS NULL OR valid_to > valid_from)
    )
    """,
    "CREATE INDEX ix_agencies_parent_code ON agencies (parent_code)",
    """
    CREATE TABLE written_requests (
        id uuid PRIMARY KEY,
        number text NOT NULL,
        signed_on date NOT NULL,
        received_at timestamptz NOT NULL,
        agency text NOT NULL,
        action text NOT NULL CHECK (action IN ('issue', 'amend', 'lock')),
        reason text NOT NULL,
        due_at timestamptz,
        done_at timestamptz NOT NULL,
        done_by text NOT NULL,
        CONSTRAINT uq_written_requests_number UNIQUE (agency, number, signed_on, action)
    )
    """,
    """
    CREATE TABLE accounts (
        id uuid PRIMARY KEY,
        username text NOT NULL UNIQUE,
        display_name text NOT NULL,
        email text,
        agency text NOT NULL,
        roles jsonb NOT NULL,
        password_hash text NOT NULL,
        password_changed_at timestamptz NOT NULL,
        is_initial_password boolean NOT NULL,
        written_request_id uuid REFERENCES written_requests (id),
        issued_at timestamptz NOT NULL,
        locked_at timestamptz,
        lock_reason text,
        locked_by text,
        lock_request_id uuid REFERENCES written_requests (id),
        CONSTRAINT ck_accounts_roles CHECK (jsonb_array_length(roles) > 0),
        CONSTRAINT ck_accounts_lock CHECK (num_nulls(locked_at, lock_reason, locked_by) IN (0, 3)),
        CONSTRAINT ck_accounts_lock_request CHECK (locked_at IS NOT NULL OR lock_request_id IS NULL)
    )
    """,
    "CREATE INDEX ix_accounts_agency ON accounts (agency)",
    """
    CREATE TABLE sessions (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        refresh_hash text NOT NULL UNIQUE,
        started_at timestamptz NOT NULL,
        used_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX ix_sessions_account_id ON sessions (account_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE spent_refresh_tokens (
        refresh_hash text PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES sessions (id)
    )
    """,
    "CREATE INDEX ix_spent_refresh_tokens_session_id ON spent_refresh_tokens (session_id)",
    """
    CREATE TABLE failures (
        name_hash text PRIMARY KEY,
        times integer NOT NULL CHECK (times > 0),
        failed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE known_calendars (
        year integer PRIMARY KEY,
        days_off jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE announced_keys (
        issuer text PRIMARY KEY,
        kid text NOT NULL,
        announced_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Make the tables of accounts."""
    create_chassis_tables()
    for statement in TABLES:
        op.execute(statement)
