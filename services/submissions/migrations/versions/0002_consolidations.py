"""Consolidations with their totals and forwardings, and who acknowledged them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE consolidations (
        id uuid PRIMARY KEY,
        regime text NOT NULL,
        period text NOT NULL,
        lead_agency text NOT NULL,
        revision integer NOT NULL CHECK (revision > 0),
        document_year integer NOT NULL,
        document_number integer NOT NULL CHECK (document_number > 0),
        state text NOT NULL CHECK (state IN ('completed', 'forwarded', 'superseded')),
        expected integer NOT NULL,
        accepted integer NOT NULL CHECK (accepted > 0),
        missing jsonb NOT NULL,
        excluded jsonb NOT NULL,
        taken jsonb NOT NULL,
        totals jsonb NOT NULL,
        definition jsonb NOT NULL,
        cut_off_at timestamptz NOT NULL,
        completed_by text NOT NULL,
        completed_at timestamptz NOT NULL,
        forwarded_by text,
        forwarded_at timestamptz,
        sha256 text,
        document bytea,
        traceparent text,
        CONSTRAINT uq_consolidations_regime UNIQUE (regime, period, revision),
        CONSTRAINT ck_consolidations_denominator CHECK (
            expected = accepted + jsonb_array_length(missing)
        ),
        CONSTRAINT ck_consolidations_forwarded CHECK (
            (state = 'forwarded') = (forwarded_at IS NOT NULL)
            AND (state = 'forwarded') = (sha256 IS NOT NULL)
            AND (state = 'forwarded') = (document IS NOT NULL)
        )
    )
    """,
    "ALTER TABLE consolidations ALTER COLUMN document SET STORAGE EXTERNAL",
    """
    CREATE UNIQUE INDEX uq_consolidations_current
    ON consolidations (regime, period) WHERE state <> 'superseded'
    """,
    "CREATE INDEX ix_consolidations_lead_agency ON consolidations (lead_agency, document_year)",
    """
    CREATE TABLE consolidation_acknowledgements (
        consolidation_id uuid NOT NULL REFERENCES consolidations (id),
        connection text NOT NULL,
        dispatch_id uuid NOT NULL,
        acknowledged_at timestamptz NOT NULL,
        CONSTRAINT pk_consolidation_acknowledgements PRIMARY KEY (consolidation_id, connection)
    )
    """,
    # What was forwarded is frozen (Điều 7.4): only a consolidation that was not may change.
    """
    CREATE FUNCTION refuse_change_of_forwarded() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a forwarded consolidation is frozen'; END $$
    """,
    """
    CREATE TRIGGER consolidations_frozen BEFORE UPDATE OR DELETE ON consolidations
    FOR EACH ROW WHEN (OLD.state = 'forwarded') EXECUTE FUNCTION refuse_change_of_forwarded()
    """,
)


def upgrade() -> None:
    """Make the tables of consolidations."""
    for statement in TABLES:
        op.execute(statement)
