"""The last word of the database: notice in working days, orders and ledger that stay as written."""

from datetime import datetime
from uuid import UUID

import psycopg
import pytest

from chassis.clock import ZONE
from chassis.identifiers import new_id
from tests.support.gateway import Gateway

TET_MONDAY = datetime(2026, 2, 23, 8, 0, tzinfo=ZONE)
INSERT = """
INSERT INTO suspensions (id, ground, scope_kind, scope_code, directions, includes_essential,
    public_reason, requested_by, requested_by_name, requested_at, notice_id, effective_at, state,
    notice_visible_at, in_force_at)
VALUES (%s, %s, 'connection', 'qg-tthc', '{inbound}', false, 'bảo trì', 'an', 'An', %s, %s, %s,
    %s, %s, %s)
"""
STOP = """
INSERT INTO stops (suspension_id, connection_id, direction, began_at)
SELECT %s, id, 'inbound', now() FROM connections
"""


def write_order(
    gateway: Gateway,
    announced: datetime,
    *,
    ground: str = "MAINTENANCE",
    state: str = "SCHEDULED",
    visible: datetime | None = None,
) -> UUID:
    """Write an order into the database, past every line of the service."""
    order = new_id()
    begun = TET_MONDAY if state == "IN_FORCE" else None
    gateway.execute(INSERT, order, ground, announced, new_id(), TET_MONDAY, state, visible, begun)
    return order


def february(day: int, hour: int = 16) -> datetime:
    """Return a moment before Tết 2026."""
    return datetime(2026, 2, day, hour, 0, tzinfo=ZONE)


async def test_the_database_refuses_maintenance_announced_too_late_across_tet(
    gateway: Gateway,
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="fewer than 3 full working days"):
        write_order(gateway, february(11))


async def test_the_database_takes_maintenance_announced_on_the_tenth(gateway: Gateway) -> None:
    write_order(gateway, february(10, 23))
    assert gateway.rows("SELECT state FROM suspensions") == [("SCHEDULED",)]


async def test_the_database_refuses_a_start_whose_notice_became_visible_too_late(
    gateway: Gateway,
) -> None:
    order = write_order(gateway, february(9))
    begin = """UPDATE suspensions SET state = 'IN_FORCE', in_force_at = effective_at,
               notice_visible_at = %s WHERE id = %s"""
    with pytest.raises(psycopg.errors.CheckViolation, match="fewer than 3 full working days"):
        gateway.execute(begin, february(11, 0), order)
    gateway.execute(begin, february(10), order)


async def test_the_database_refuses_a_start_whose_notice_nobody_could_read(
    gateway: Gateway,
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="not publicly visible"):
        write_order(gateway, february(2), state="IN_FORCE")


async def test_the_database_refuses_to_count_days_that_it_does_not_know(gateway: Gateway) -> None:
    gateway.execute("DELETE FROM known_calendar_days WHERE day = '2026-02-12'")
    with pytest.raises(psycopg.errors.CheckViolation, match="not known"):
        write_order(gateway, february(9))


async def test_the_other_grounds_need_no_notice_before(gateway: Gateway) -> None:
    write_order(gateway, TET_MONDAY, ground="FORCE_MAJEURE", state="IN_FORCE")


@pytest.mark.parametrize("remedy", [None, ""])
async def test_the_database_lets_no_order_end_without_a_remedy(
    gateway: Gateway, remedy: str | None
) -> None:
    order = write_order(gateway, TET_MONDAY, ground="FORCE_MAJEURE", state="IN_FORCE")
    lift = "UPDATE suspensions SET state = 'LIFTED', ended_at = now(), remedy = %s WHERE id = %s"
    with pytest.raises(psycopg.errors.CheckViolation, match="remedy_before_lift"):
        gateway.execute(lift, remedy, order)


async def test_nothing_is_stopped_by_an_order_that_is_not_in_force(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    order = write_order(gateway, february(9))
    with pytest.raises(psycopg.errors.CheckViolation, match="not in force"):
        gateway.execute(STOP, order)


async def test_a_connection_is_suspended_under_an_order_or_not_at_all(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    with pytest.raises(psycopg.errors.CheckViolation, match="under no order"):
        gateway.execute("UPDATE connections SET inbound_state = 'SUSPENDED'")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE suspensions SET ground = 'FORCE_MAJEURE'",
        "UPDATE suspensions SET effective_at = effective_at + interval '1 day'",
        "UPDATE suspensions SET public_reason = 'khác'",
        "UPDATE suspensions SET requested_by = 'binh'",
        "UPDATE suspensions SET directions = '{outbound}'",
        "UPDATE suspensions SET in_force_at = in_force_at + interval '1 second'",
        "DELETE FROM suspensions",
        "UPDATE ledger_entries SET entry = '{}'",
        "DELETE FROM ledger_entries",
    ],
)
async def test_what_was_ordered_and_recorded_cannot_be_rewritten(
    gateway: Gateway, change: str
) -> None:
    await gateway.open("qg-tthc")
    await gateway.suspend("qg-tthc")
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        gateway.execute(change)
