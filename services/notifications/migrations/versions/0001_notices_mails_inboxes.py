"""Public notices, their subscribers, mails on their way, inboxes, and whom they reach."""

from alembic import op

from chassis.migrations import create_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE notices (
        id uuid PRIMARY KEY,
        subject text NOT NULL,
        kind text NOT NULL,
        ground text NOT NULL,
        scope text NOT NULL,
        public_reason text NOT NULL,
        effective_at timestamptz NOT NULL,
        expected_end timestamptz,
        requested_at timestamptz NOT NULL,
        visible_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_notices_visible_at ON notices (visible_at DESC, id)",
    """
    CREATE TABLE subscribers (
        email text PRIMARY KEY,
        subscribed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE mails (
        id uuid PRIMARY KEY,
        recipient text NOT NULL,
        subject text NOT NULL,
        text text NOT NULL,
        html text NOT NULL,
        state text NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
        attempts integer NOT NULL DEFAULT 0,
        last_error text,
        next_attempt_at timestamptz NOT NULL,
        queued_at timestamptz NOT NULL,
        sent_at timestamptz
    )
    """,
    "CREATE INDEX ix_mails_next_attempt_at ON mails (next_attempt_at) WHERE state = 'queued'",
    """
    CREATE TABLE inbox_items (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL,
        kind text NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        link text NOT NULL,
        created_at timestamptz NOT NULL,
        read_at timestamptz
    )
    """,
    "CREATE INDEX ix_inbox_items_account_id ON inbox_items (account_id, id DESC)",
    """
    CREATE TABLE known_accounts (
        id uuid PRIMARY KEY,
        display_name text NOT NULL,
        email text,
        agency text NOT NULL,
        roles jsonb NOT NULL,
        is_locked boolean NOT NULL DEFAULT false
    )
    """,
    "CREATE INDEX ix_known_accounts_agency ON known_accounts (agency)",
    "CREATE TABLE known_agencies (code text PRIMARY KEY, name text NOT NULL)",
)


def upgrade() -> None:
    """Make the tables of notifications."""
    create_chassis_tables()
    for statement in TABLES:
        op.execute(statement)
