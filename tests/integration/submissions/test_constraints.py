"""What the database refuses by itself, whatever the code does: nothing is sent unapproved."""

import psycopg
import pytest

from tests.support.reporting import COMMUNES, SOUND, Reporting, a_head

COMMUNE = COMMUNES[0]


@pytest.mark.parametrize("status", ["approved", "submitted", "accepted"])
async def test_no_report_goes_on_without_an_approval(hub: Reporting, status: str) -> None:
    report = (await hub.assign(COMMUNE))[COMMUNE]
    await hub.fill_in(report, SOUND)
    statement = "UPDATE reports SET status = %s WHERE id = %s"
    with psycopg.connect(hub.url) as connection:
        with pytest.raises(psycopg.errors.CheckViolation, match="ck_reports_approved"):
            connection.execute(statement, (status, report))
        connection.rollback()
        made_up = "UPDATE reports SET status = %s, approved_by = 'nobody' WHERE id = %s"
        connection.execute(made_up, (status, report))
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="fk_reports_approved"):
            connection.commit()
    assert (await hub.read(report))["status"] == "draft"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reports SET version = version + 1 WHERE id = %s",
        "DELETE FROM approvals WHERE report_id = %s",
    ],
    ids=["figures nobody approved", "approval taken away"],
)
async def test_what_was_sent_keeps_the_approval_of_its_very_version(
    hub: Reporting, change: str
) -> None:
    report = (await hub.assign(COMMUNE))[COMMUNE]
    await hub.send(report)
    with psycopg.connect(hub.url) as connection:
        connection.execute(change.encode(), (report,))
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="fk_reports_approved"):
            connection.commit()


async def test_new_figures_end_the_approval_in_the_same_statement(hub: Reporting) -> None:
    report = (await hub.assign(COMMUNE))[COMMUNE]
    await hub.fill_in(report, SOUND)
    await hub.call("POST", f"/reports/{report}/approve", by=a_head())
    signed = "SELECT status, approved_by IS NOT NULL FROM reports WHERE id = %s"
    assert hub.rows(signed, report) == [("approved", True)]
    await hub.fill_in(report, {"1:c2": "6"})
    assert hub.rows(signed, report) == [("draft", False)]
