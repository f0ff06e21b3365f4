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
        ground text NOT NULL
            CONSTRAINT ck_notices_ground
            CHECK (ground IN ('MAINTENANCE', 'FORCE_MAJEURE', 'SECURITY_RISK')),
        scope text NOT NULL,
        public_reason text NOT NULL,
        effective_at timestamptz NOT NULL,
        expected_end timestamptz,
        requested_at timestamptz NOT NULL,
        visible_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_notices_visible_at ON notices (visible_at DESC, id DESC)",
    "CREATE INDEX ix_notices_subject ON notices (subject)",
    # What everyone could read stays as it was read (Điều 8.2): nobody changes or removes it.
    """
    CREATE FUNCTION keep_public_notices() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a public notice is never changed' USING ERRCODE = 'check_violation';
    END $$
    """,
    """
    CREATE TRIGGER keep_public_notices BEFORE UPDATE OR DELETE ON notices
    FOR EACH ROW EXECUTE FUNCTION keep_public_notices()
    """,
    """
    CREATE TABLE subscribers (
        email text PRIMARY KEY,
        token uuid NOT NULL CONSTRAINT uq_subscribers_token UNIQUE,
        subscribed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE mails (
        id uuid PRIMARY KEY,
        recipient text NOT NULL,
        subject text NOT NULL,
        template text NOT NULL
            CONSTRAINT ck_mails_template CHECK (template IN ('notice', 'message')),
        facts jsonb NOT NULL,
        state text NOT NULL
            CONSTRAINT ck_mails_state CHECK (state IN ('queued', 'sent', 'failed')),
        attempts integer NOT NULL,
        last_error text,
        next_attempt_at timestamptz NOT NULL,
        queued_at timestamptz NOT NULL,
        sent_at timestamptz,
        CONSTRAINT ck_mails_sent_at CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
        CONSTRAINT ck_mails_last_error CHECK (state <> 'failed' OR last_error IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_mails_next_attempt_at ON mails (next_attempt_at) WHERE state = 'queued'",
    "CREATE INDEX ix_mails_failed ON mails (id DESC) WHERE state = 'failed'",
    """
    CREATE TABLE inbox_items (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        link text NOT NULL,
        agency text,
        roles text[] NOT NULL CONSTRAINT ck_inbox_items_roles CHECK (cardinality(roles) > 0),
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_inbox_items_agency ON inbox_items (agency, id DESC)",
    """
    CREATE TABLE readings (
        account_id uuid NOT NULL,
        item_id uuid NOT NULL CONSTRAINT fk_readings_item_id REFERENCES inbox_items,
        read_at timestamptz NOT NULL,
        PRIMARY KEY (account_id, item_id)
    )
    """,
    """
    CREATE TABLE known_accounts (
        id uuid PRIMARY KEY,
        issued_at timestamptz NOT NULL
    )
    """,
    "CREATE TABLE known_agencies (code text PRIMARY KEY, name text NOT NULL)",
    "CREATE TABLE known_regimes (code text PRIMARY KEY, name text NOT NULL)",
)


def upgrade() -> None:
    """Make the tables of notifications."""
    create_chassis_tables()
    for statement in TABLES:
        op.execute(statement)
