"""Extensions of suspension orders: each announced anew, never rewritten."""

from alembic import op

revision = "0005"
down_revision = "0004"

STEPS = (
    """
    CREATE TABLE extensions (
        id uuid CONSTRAINT pk_extensions PRIMARY KEY,
        suspension_id uuid NOT NULL
            CONSTRAINT fk_extensions_suspension_id_suspensions REFERENCES suspensions (id),
        begins_at timestamptz NOT NULL,
        expected_end timestamptz NOT NULL,
        public_reason text NOT NULL,
        requested_by text NOT NULL,
        requested_by_name text NOT NULL,
        requested_at timestamptz NOT NULL,
        notice_id uuid NOT NULL CONSTRAINT uq_extensions_notice_id UNIQUE,
        notice_visible_at timestamptz,
        failure text,
        CONSTRAINT ck_extensions_ends_later CHECK (expected_end > begins_at)
    )
    """,
    "CREATE INDEX ix_extensions_suspension_id ON extensions (suspension_id, requested_at)",
    # Điều 8.2: the time beyond the announced end needs its own three full working days.
    """
    CREATE FUNCTION refuse_short_extension() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        announced timestamptz := coalesce(NEW.notice_visible_at, NEW.requested_at);
    BEGIN
        IF NEW.failure IS NULL
           AND (SELECT ground FROM suspensions WHERE id = NEW.suspension_id) = 'MAINTENANCE'
           AND full_working_days(announced, NEW.begins_at) < 3
        THEN
            RAISE EXCEPTION 'fewer than 3 full working days between the notice (%) and % '
                '(Điều 8.2)', announced, NEW.begins_at
                USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_in_time';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER extensions_notice_in_time BEFORE INSERT OR UPDATE ON extensions
    FOR EACH ROW EXECUTE FUNCTION refuse_short_extension()
    """,
    """
    CREATE TRIGGER extensions_facts_stay BEFORE UPDATE ON extensions FOR EACH ROW
    WHEN ((OLD.id, OLD.suspension_id, OLD.begins_at, OLD.expected_end, OLD.public_reason,
           OLD.requested_by, OLD.requested_by_name, OLD.requested_at, OLD.notice_id)
          IS DISTINCT FROM
          (NEW.id, NEW.suspension_id, NEW.begins_at, NEW.expected_end, NEW.public_reason,
           NEW.requested_by, NEW.requested_by_name, NEW.requested_at, NEW.notice_id)
          OR OLD.notice_visible_at <> NEW.notice_visible_at
          OR OLD.failure <> NEW.failure)
    EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER extensions_stay BEFORE DELETE ON extensions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
)


def upgrade() -> None:
    """Create the table and what keeps it honest."""
    for step in STEPS:
        op.execute(step)
