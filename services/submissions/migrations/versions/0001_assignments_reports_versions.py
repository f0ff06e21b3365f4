"""Assignments, reports and their versions, approvals, and what others said."""

from alembic import op

from chassis.migrations import create_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE known_agencies (
        code text PRIMARY KEY,
        identification_code text,
        name text NOT NULL,
        level text NOT NULL,
        parent_code text,
        valid_from date NOT NULL,
        valid_to date
    )
    """,
    "CREATE TABLE known_calendars (year integer PRIMARY KEY, days_off jsonb NOT NULL)",
    """
    CREATE TABLE known_regimes (
        code text PRIMARY KEY,
        definition jsonb NOT NULL,
        lead_agency text
    )
    """,
    """
    CREATE TABLE assignments (
        id uuid PRIMARY KEY,
        regime text NOT NULL,
        period text NOT NULL,
        lead_agency text NOT NULL,
        rows jsonb,
        columns jsonb,
        cut_off_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        assigned_by text NOT NULL,
        assigned_at timestamptz NOT NULL,
        CONSTRAINT ck_assignments_due CHECK (due_at > cut_off_at)
    )
    """,
    """
    CREATE TABLE reports (
        id uuid PRIMARY KEY,
        assignment_id uuid NOT NULL REFERENCES assignments (id),
        regime text NOT NULL,
        period text NOT NULL,
        unit text NOT NULL,
        lead_agency text NOT NULL,
        rows jsonb,
        columns jsonb,
        status text NOT NULL,
        revision integer NOT NULL,
        version integer NOT NULL,
        cut_off_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        submitted_at timestamptz,
        first_submitted_at timestamptz,
        is_late boolean NOT NULL DEFAULT false,
        accepted_at timestamptz,
        times_returned integer NOT NULL DEFAULT 0,
        notes jsonb NOT NULL DEFAULT '{}',
        narrative jsonb NOT NULL DEFAULT '{}',
        returned jsonb,
        CONSTRAINT uq_reports_regime UNIQUE (regime, period, unit),
        CONSTRAINT ck_reports_status CHECK (
            status IN ('assigned', 'draft', 'approved', 'submitted', 'returned', 'accepted')
        )
    )
    """,
    "CREATE INDEX ix_reports_unit ON reports (unit, status)",
    """
    CREATE TABLE report_versions (
        report_id uuid NOT NULL REFERENCES reports (id),
        number integer NOT NULL CHECK (number > 0),
        cells jsonb NOT NULL,
        notes jsonb,
        narrative jsonb,
        source_kind text NOT NULL CHECK (source_kind IN ('person', 'receipt')),
        source_id text NOT NULL,
        source_name text NOT NULL,
        traceparent text,
        made_at timestamptz NOT NULL,
        CONSTRAINT pk_report_versions PRIMARY KEY (report_id, number)
    )
    """,
    """
    CREATE TABLE approvals (
        id uuid PRIMARY KEY,
        report_id uuid NOT NULL REFERENCES reports (id),
        version integer NOT NULL,
        approved_by text NOT NULL,
        approver_name text NOT NULL,
        approved_at timestamptz NOT NULL,
        CONSTRAINT uq_approvals_report_id UNIQUE (report_id, version, approved_by)
    )
    """,
    """
    CREATE TABLE standing_approvals (
        id uuid PRIMARY KEY,
        agency text NOT NULL,
        regime text NOT NULL,
        connection text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        given_by text NOT NULL,
        giver_name text NOT NULL,
        given_at timestamptz NOT NULL,
        revoked_at timestamptz
    )
    """,
    """
    CREATE UNIQUE INDEX uq_standing_approvals_agency
    ON standing_approvals (agency, regime, connection) WHERE revoked_at IS NULL
    """,
    # A version is history: it is written once and never again (decisions/0008).
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$
    """,
    """
    CREATE TRIGGER report_versions_append_only BEFORE UPDATE OR DELETE ON report_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    """Make the tables of the reporting flow."""
    create_chassis_tables()
    for statement in TABLES:
        op.execute(statement)
