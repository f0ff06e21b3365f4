"""Subscriptions: what a connection takes, in versions; events chosen by type, regime, agency."""

import json
from datetime import datetime
from typing import Any

import httpx
import psycopg
import pytest

from chassis.clock import ZONE, now
from chassis.identifiers import new_id
from connector_gateway.commands import dispatches
from connector_gateway.domain.subscriptions import MENU
from contracts.connector_gateway.v1 import ConnectionSuspended, ConnectionSuspensionScheduled
from contracts.event import Event
from contracts.submissions.v1 import ConsolidationForwarded, ReportAccepted
from tests.support.examples import example_of
from tests.support.gateway import Gateway
from tests.support.partner import API, Receiver

FORWARDED = ConsolidationForwarded.type
PATH = "/connections/ubnd-tinh/subscriptions"


async def open_outbound(gateway: Gateway, receiver: Receiver, **terms: Any) -> None:
    """Open a connection that takes forwarded consolidations."""
    webhook = {"url": receiver.url, "events": [FORWARDED]}
    await gateway.open("ubnd-tinh", directions=["outbound"], webhook=webhook, **terms)


async def put(gateway: Gateway, body: Any, tag: str | None = '"1"') -> httpx.Response:
    """Replace the subscription, naming the ETag that was read."""
    headers = gateway.operator | ({"If-Match": tag} if tag else {})
    return await gateway.client.put(f"{API}{PATH}", json=body, headers=headers)


async def take(gateway: Gateway, receiver: Receiver, *events: str, **filters: Any) -> None:
    """Open the connection and let it take these events."""
    await open_outbound(gateway, receiver)
    answer = await put(gateway, {"url": receiver.url, "events": list(events), **filters})
    assert answer.status_code == 200, answer.text


async def offer(gateway: Gateway, event: Event) -> None:
    """Say a fact that connections may have subscribed to."""
    async with gateway.database.transaction() as session:
        await dispatches.enqueue(
            session, event, event_id=str(new_id()), traceparent=None, now=now()
        )


def queued(gateway: Gateway) -> list[dict[str, Any]]:
    """Return what is on its way, oldest first."""
    rows = gateway.rows("SELECT payload FROM dispatches ORDER BY sequence")
    return [json.loads(payload) for (payload,) in rows]


def an_accepted_report(**facts: Any) -> ReportAccepted:
    """Return the acceptance of a report of one unit."""
    said: dict[str, Any] = json.loads(example_of(ReportAccepted.type))
    return ReportAccepted.model_validate(said | facts)


async def test_a_connection_takes_what_it_took_when_it_was_opened(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    answer = await gateway.call("GET", PATH)
    assert answer.headers["etag"] == '"1"'
    view = answer.json()
    assert (view["version"], view["events"], view["regimes"]) == (1, [FORWARDED], None)
    await offer(gateway, an_accepted_report())
    assert queued(gateway) == []


async def test_a_change_is_a_new_version_and_the_old_one_stays(
    gateway: Gateway, receiver: Receiver
) -> None:
    await take(gateway, receiver, ReportAccepted.type, regimes=["CDS-XA", "CDS-XA"])
    versions = "SELECT version, events, regimes FROM subscriptions ORDER BY version"
    assert gateway.rows(versions) == [
        *((1, [FORWARDED], None), (2, [ReportAccepted.type], ["CDS-XA"])),
    ]
    (entry,) = gateway.rows(
        "SELECT entry FROM ledger_entries WHERE entry LIKE '%%subscription-changed%%'"
    )
    assert json.loads(entry[0])["version"] == 2
    with pytest.raises(psycopg.Error, match="append-only"):
        gateway.execute("UPDATE subscriptions SET url = 'https://khac.example.vn'")


@pytest.mark.parametrize(
    ("tag", "status"), [(None, 428), ('"7"', 412), ("x", 412)], ids=["none", "another", "no tag"]
)
async def test_a_change_names_the_version_it_was_decided_on(
    gateway: Gateway, receiver: Receiver, tag: str | None, status: int
) -> None:
    await open_outbound(gateway, receiver)
    answer = await put(gateway, {"url": receiver.url, "events": [FORWARDED]}, tag)
    assert answer.status_code == status
    assert gateway.rows("SELECT version FROM subscriptions") == [(1,)]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        pytest.param({"events": ["accounts.account.issued.v1"]}, "/events/0", id="not offered"),
        pytest.param({"events": []}, "/events", id="no event"),
        pytest.param({"regimes": []}, "/regimes", id="a filter that lets nothing through"),
        pytest.param({"agencies": ["xã"]}, "/agencies/0", id="no code of an agency"),
        pytest.param({"url": "http://10.0.0.1/"}, None, id="a private address"),
        pytest.param({"secret": "x"}, "/secret", id="an unknown field"),
    ],
)
async def test_a_subscription_that_cannot_be_is_refused_and_changes_nothing(
    gateway: Gateway, receiver: Receiver, wrong: dict[str, Any], pointer: str | None
) -> None:
    await open_outbound(gateway, receiver)
    answer = await put(gateway, {"url": receiver.url, "events": [FORWARDED]} | wrong)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["detail"]
    assert [error["pointer"] for error in problem.get("errors", [])] == list(
        filter(None, [pointer])
    )
    assert gateway.rows("SELECT version FROM subscriptions") == [(1,)]


async def test_a_connection_that_only_pushes_has_no_subscription(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    for code, status, slug in (
        ("qg-tthc", 409, "direction-not-offered"),
        ("khac", 404, "connection-unknown"),
    ):
        answer = await gateway.call("GET", f"/connections/{code}/subscriptions")
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")


async def test_a_revoked_connection_takes_nothing_more(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    await gateway.call("POST", "/connections/ubnd-tinh/revoke", {"reason": "hết hợp đồng"})
    answer = await put(gateway, {"url": receiver.url, "events": [FORWARDED]})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/connection-revoked")


@pytest.mark.parametrize(
    ("filters", "arrives"),
    [
        pytest.param({}, True, id="no filter"),
        pytest.param({"regimes": ["CDS-XA"]}, True, id="its regime"),
        pytest.param({"regimes": ["BCQC"]}, False, id="another regime"),
        pytest.param({"agencies": ["07201"]}, True, id="its unit"),
        pytest.param({"agencies": ["07204"]}, False, id="another unit"),
        pytest.param({"regimes": ["CDS-XA"], "agencies": ["07204"]}, False, id="both must fit"),
    ],
)
async def test_events_are_chosen_by_regime_and_agency(
    gateway: Gateway, receiver: Receiver, filters: dict[str, Any], arrives: bool
) -> None:
    await take(gateway, receiver, ReportAccepted.type, **filters)
    await offer(gateway, an_accepted_report(regime="CDS-XA", unit="07201"))
    assert len(queued(gateway)) == arrives


async def test_a_connection_gets_no_report_of_a_unit_that_it_may_not_have(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver, agencies=["07204"])
    await put(gateway, {"url": receiver.url, "events": [ReportAccepted.type]})
    await offer(gateway, an_accepted_report(unit="07201"))
    assert queued(gateway) == []


async def test_every_event_of_the_menu_makes_a_dispatch_that_names_its_version(
    gateway: Gateway, receiver: Receiver
) -> None:
    await take(gateway, receiver, *MENU)
    for event_type, event in MENU.items():
        said = json.loads(example_of(event_type))
        about = {"connection": "ubnd-tinh"} if "connection" in said else {}
        await offer(gateway, event.model_validate(said | about))
    assert [payload["type"] for payload in queued(gateway)] == list(MENU)
    assert all(datetime.fromisoformat(one["timestamp"]).tzinfo for one in queued(gateway))
    versions = gateway.rows("SELECT DISTINCT subscription_version FROM dispatches")
    assert versions == [(2,)]


async def test_only_the_owner_hears_that_its_connection_stops(
    gateway: Gateway, receiver: Receiver
) -> None:
    await take(gateway, receiver, ConnectionSuspended.type)
    webhook = {"url": receiver.url, "events": [ConnectionSuspended.type]}
    await gateway.open("khac", directions=["outbound"], webhook=webhook)
    said = json.loads(example_of(ConnectionSuspended.type)) | {"connection": "ubnd-tinh"}
    await offer(gateway, ConnectionSuspended.model_validate(said))
    told = "SELECT code FROM dispatches JOIN connections c ON c.id = connection_id"
    assert gateway.rows(told) == [("ubnd-tinh",)]


async def test_the_owner_hears_of_a_maintenance_before_it_begins(
    gateway: Gateway, receiver: Receiver
) -> None:
    gateway.clock.moment = datetime(2026, 6, 15, 9, tzinfo=ZONE)
    await take(gateway, receiver, ConnectionSuspensionScheduled.type)
    begins = "2026-06-25T22:00:00+07:00"
    await gateway.suspend("ubnd-tinh", ground="MAINTENANCE", effective_at=begins)
    said = "SELECT convert_from(value, 'UTF8')::jsonb FROM outbox WHERE type = %s"
    ((told,),) = gateway.rows(said, ConnectionSuspensionScheduled.type)
    event = ConnectionSuspensionScheduled.model_validate(told)
    assert event.effective_at == datetime.fromisoformat(begins)
    await offer(gateway, event)
    assert gateway.rows("SELECT state FROM dispatches") == [("waiting",)]
    assert (await gateway.direction("ubnd-tinh", "outbound"))["admin_state"] == "SCHEDULED"
