"""How people want to be told, reminders, feedback of users; since when a notice really stands."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MAILS = (
    "ALTER TABLE mails ADD COLUMN give_up_at timestamptz",
    "UPDATE mails SET give_up_at = queued_at + interval '3 days'",
    "ALTER TABLE mails ALTER COLUMN give_up_at SET NOT NULL",
    "ALTER TABLE mails ADD COLUMN leaves_at timestamptz",
    "UPDATE mails SET leaves_at = queued_at",
    "ALTER TABLE mails ALTER COLUMN leaves_at SET NOT NULL",
    "ALTER TABLE mails DROP CONSTRAINT ck_mails_template",
    """
    ALTER TABLE mails ADD CONSTRAINT ck_mails_template
    CHECK (template IN ('notice', 'message', 'digest'))
    """,
)
PEOPLE = (
    "ALTER TABLE known_accounts ADD COLUMN email text",
    "ALTER TABLE known_accounts ADD COLUMN agency text NOT NULL DEFAULT ''",
    "ALTER TABLE known_accounts ADD COLUMN roles text[] NOT NULL DEFAULT '{}'",
    "CREATE INDEX ix_known_accounts_agency ON known_accounts (agency)",
    """
    CREATE TABLE preferences (
        account_id uuid PRIMARY KEY,
        ways jsonb NOT NULL,
        quiet_from time,
        quiet_to time,
        changed_at timestamptz NOT NULL,
        CONSTRAINT ck_preferences_quiet CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
    )
    """,
    """
    CREATE TABLE digest_lines (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        link text NOT NULL,
        told_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_digest_lines_told_at ON digest_lines (told_at)",
    # The last word on "one a day": a second digest of a person for the same day cannot stand.
    """
    CREATE TABLE digests (
        account_id uuid NOT NULL,
        digest_on date NOT NULL,
        mail_id uuid NOT NULL CONSTRAINT fk_digests_mail_id REFERENCES mails,
        PRIMARY KEY (account_id, digest_on)
    )
    """,
    "ALTER TABLE inbox_items ADD COLUMN account_id uuid",
    "ALTER TABLE inbox_items DROP CONSTRAINT ck_inbox_items_roles",
    """
    ALTER TABLE inbox_items ADD CONSTRAINT ck_inbox_items_told
    CHECK ((account_id IS NULL) = (cardinality(roles) > 0))
    """,
    """
    CREATE INDEX ix_inbox_items_account_id ON inbox_items (account_id, id DESC)
    WHERE account_id IS NOT NULL
    """,
)
REMINDERS = (
    """
    CREATE TABLE known_calendars (
        year integer PRIMARY KEY,
        days_off date[] NOT NULL,
        changed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE known_duties (
        report_id uuid PRIMARY KEY,
        regime text NOT NULL,
        regime_name text NOT NULL,
        period text NOT NULL,
        unit text NOT NULL,
        lead_agency text NOT NULL,
        due_at timestamptz NOT NULL,
        told_at timestamptz NOT NULL,
        is_open boolean NOT NULL
    )
    """,
    "CREATE INDEX ix_known_duties_due_at ON known_duties (due_at) WHERE is_open",
    """
    CREATE TABLE reminders (
        report_id uuid NOT NULL CONSTRAINT fk_reminders_report_id REFERENCES known_duties,
        due_at timestamptz NOT NULL,
        stage text NOT NULL
            CONSTRAINT ck_reminders_stage
            CHECK (stage IN ('three-days-before', 'one-day-before', 'on-the-day', 'day-after')),
        reminded_at timestamptz NOT NULL,
        PRIMARY KEY (report_id, due_at, stage)
    )
    """,
    """
    CREATE TABLE known_stops (
        suspension_id uuid NOT NULL,
        connection text NOT NULL,
        system_name text NOT NULL,
        owner_agency text NOT NULL,
        owner_email text NOT NULL,
        public_reason text NOT NULL,
        notice_id uuid NOT NULL,
        effective_at timestamptz NOT NULL,
        reminded_on date NOT NULL,
        acknowledged_at timestamptz,
        ended_at timestamptz,
        PRIMARY KEY (suspension_id, connection)
    )
    """,
    """
    CREATE INDEX ix_known_stops_waiting ON known_stops (reminded_on)
    WHERE acknowledged_at IS NULL AND ended_at IS NULL
    """,
)
FEEDBACK = (
    """
    CREATE TABLE feedbacks (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL,
        author_name text NOT NULL,
        agency text NOT NULL,
        text text NOT NULL,
        page text NOT NULL,
        topic text,
        contact text,
        sent_at timestamptz NOT NULL,
        answer text,
        answered_by uuid,
        answered_by_name text,
        answered_at timestamptz,
        CONSTRAINT ck_feedbacks_answer CHECK ((answer IS NULL) = (answered_at IS NULL))
    )
    """,
    "CREATE INDEX ix_feedbacks_waiting ON feedbacks (id DESC) WHERE answered_at IS NULL",
    "CREATE INDEX ix_feedbacks_sent_at ON feedbacks (sent_at)",
)
NOTICES = (
    # What was read of a notice, from where the public reads it: ground a counts from then.
    """
    CREATE TABLE sightings (
        notice_id uuid PRIMARY KEY CONSTRAINT fk_sightings_notice_id REFERENCES notices,
        seen_at timestamptz NOT NULL,
        url text NOT NULL,
        page bytea
    )
    """,
    # Of notices from before it was said already since when they stand; nobody read them here.
    "INSERT INTO sightings SELECT id, visible_at, '/notices/' || id, NULL FROM notices",
    """
    CREATE TRIGGER keep_sightings BEFORE UPDATE OR DELETE ON sightings
    FOR EACH ROW EXECUTE FUNCTION keep_public_notices()
    """,
)


def upgrade() -> None:
    """Take the step."""
    for statement in (*MAILS, *PEOPLE, *REMINDERS, *FEEDBACK, *NOTICES):
        op.execute(statement)
