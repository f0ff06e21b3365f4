"""What counts as approved, sent or accepted has been signed off in this very version (Điều 9.2)."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    "ALTER TABLE reports ADD COLUMN approved_by text",
    """
    UPDATE reports AS r SET approved_by = a.approved_by
    FROM (SELECT DISTINCT ON (report_id, version) report_id, version, approved_by
          FROM approvals ORDER BY report_id, version, approved_at DESC) AS a
    WHERE a.report_id = r.id AND a.version = r.version
      AND r.status IN ('approved', 'submitted', 'accepted')
    """,
    """
    ALTER TABLE reports ADD CONSTRAINT ck_reports_approved CHECK (
        status NOT IN ('approved', 'submitted', 'accepted') OR approved_by IS NOT NULL
    )
    """,
    # At the commit: report and approval may be written in either order.
    """
    ALTER TABLE reports ADD CONSTRAINT fk_reports_approved
    FOREIGN KEY (id, version, approved_by) REFERENCES approvals (report_id, version, approved_by)
    DEFERRABLE INITIALLY DEFERRED
    """,
)


def upgrade() -> None:
    """Tie a report's status to the approval that it rests on."""
    for statement in STATEMENTS:
        op.execute(statement)
