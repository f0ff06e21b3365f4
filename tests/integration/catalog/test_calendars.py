"""The working-day calendar published and shown, on real PostgreSQL."""

from datetime import date, datetime

from catalog.commands.calendars import publish_calendars, publish_years
from catalog.domain.calendars import Swap, swaps
from chassis.clock import ZONE
from tests.support.builders_catalog import Catalog

NOW = datetime(2026, 3, 1, 8, tzinfo=ZONE)


async def test_last_year_this_year_and_next_are_published_once(catalog: Catalog) -> None:
    for _ in range(2):
        async with catalog.database.transaction() as session:
            await publish_calendars(session, NOW)

    said = catalog.said("catalog.calendar.changed.v1")
    assert [one["year"] for one in said] == [2025, 2026, 2027]
    assert "2026-01-02" in said[1]["days_off"]
    assert "2026-01-10" not in said[1]["days_off"]


async def test_a_new_notice_changes_the_year_that_it_names_and_says_so(catalog: Catalog) -> None:
    notice = Swap(
        off=[date(2026, 10, 5)],
        worked=[date(2026, 10, 10)],
        source="Thông báo 1/TB-BNV",
        confirmed=False,
    )
    for known in (swaps(), (*swaps(), notice)):
        async with catalog.database.transaction() as session:
            await publish_years(session, (2025, 2026), known, now=NOW)

    said = catalog.said("catalog.calendar.changed.v1")
    assert [one["year"] for one in said] == [2025, 2026, 2026]
    shown = (await catalog.call("GET", "/calendar/2026")).json()
    assert "2026-10-05" in shown["days_off"]
    assert "2026-10-10" not in shown["days_off"]
    assert shown["unconfirmed"] == ["2026-10-05", "2026-10-10"]
    assert shown["sources"][-1] == "Thông báo 1/TB-BNV"


async def test_a_year_that_is_not_published_is_not_found(at_rest: Catalog) -> None:
    answer = await at_rest.call("GET", "/calendar/2030")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/calendar-not-found")
