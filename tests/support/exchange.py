"""Builders of connector-gateway's domain: connections, orders, chains, dispatches."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chassis.clock import ZONE
from chassis.identifiers import new_id
from connector_gateway.domain.breakers import Breaker
from connector_gateway.domain.connections import AdminState, Connection, Grants, WhileSuspended
from connector_gateway.domain.dispatches import Dispatch, DispatchState
from connector_gateway.domain.ledger import Head, Kind, Link, extend
from connector_gateway.domain.suspensions import Ids, Order, Person, ScopeKind, Suspension
from contracts.calendar import WorkingCalendar
from contracts.connector_gateway.v1 import Direction, Ground
from tests.support.gateway import a_year

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=ZONE)
AN = Person("an", "Nguyễn Văn An")
BINH = Person("binh", "Trần Thị Bình")
CALENDAR = WorkingCalendar({2026: frozenset(a_year().days_off)})


def a_connection(
    inbound: AdminState | None = AdminState.ACTIVE, outbound: AdminState | None = None
) -> Connection:
    """Return a connection whose directions are in these states."""
    return Connection(
        id=new_id(),
        code="qg-tthc",
        name="Cổng dịch vụ công",
        system_id=new_id(),
        client_id="qg-tthc",
        grants=Grants().to_text(),
        while_suspended=WhileSuspended.REJECT,
        inbound_state=inbound,
        outbound_state=outbound,
        outbound_since=NOON,
        created_at=NOON,
    )


def an_order_for(ground: Ground, **terms: Any) -> Order:
    """Return an order over one connection."""
    facts: dict[str, Any] = {
        "scope_kind": ScopeKind.CONNECTION,
        "scope_code": "qg-tthc",
        "directions": list(Direction),
        "public_reason": "Nâng cấp hệ thống",
        "internal_reason": None,
        "effective_at": None,
        "expected_end": None,
    }
    return Order(ground=ground, **(facts | terms))


def a_suspension(ground: Ground, *, now: datetime = NOON, **terms: Any) -> Suspension:
    """Return an order written out by An."""
    order = an_order_for(ground, **terms)
    return Suspension.of(order, AN, CALENDAR, ids=Ids(new_id(), new_id()), now=now)


def a_chain(length: int, chain: str = "qg-tthc") -> list[Link]:
    """Return a chain of so many receipts, one a second."""
    links: list[Link] = []
    head = Head()
    for number in range(length):
        facts = {"receipt": f"0197-{number}", "sha256": f"{number:064x}"}
        at = NOON + timedelta(seconds=number)
        links.append(extend(head, chain, Kind.DELIVERY_RECEIVED, facts, at=at))
        head = Head(links[-1].index, links[-1].hash, links[-1].at)
    return links


def a_dispatch(state: DispatchState = DispatchState.SENDING, *, attempts: int = 1) -> Dispatch:
    """Return a dispatch in ``state`` after so many tries."""
    return Dispatch(
        id=new_id(),
        connection_id=new_id(),
        event_id=str(new_id()),
        event_type="submissions.consolidation.forwarded.v1",
        key="key",
        payload=b"{}",
        state=state,
        created_at=NOON,
        next_attempt_at=NOON,
        attempts=attempts,
    )


def a_breaker() -> Breaker:
    """Return a closed breaker."""
    return Breaker(connection_id=new_id(), direction=Direction.OUTBOUND)


def failures(breaker: Breaker, moments: Sequence[datetime]) -> Breaker:
    """Let ``breaker`` see a failure at each moment."""
    for moment in moments:
        breaker.record_failure(now=moment)
    return breaker
