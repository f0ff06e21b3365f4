"""A force majeure declared at the machine itself: ordered late, with its moment as evidence."""

from datetime import timedelta
from typing import Any

from chassis.clock import ZONE, now
from connector_gateway.force_majeure import NOT_YET, Declaration, run, settle
from contracts.notifications.v1 import PublishNotice
from tests.support.gateway import Gateway
from tests.support.partner import a_delivery

EVIDENCE = "Lệnh lập lúc {declared} bởi {by}; ghi lúc {ordered}."


def a_declaration(**course: Any) -> Declaration:
    """Return a declaration made two hours ago."""
    return Declaration(
        **{
            "reason": "Lũ lụt làm mất điện trung tâm dữ liệu",
            "by": "truc-ban",
            "declared_at": now() - timedelta(hours=2),
            "evidence": EVIDENCE,
            **course,
        }
    )


def kinds(gateway: Gateway) -> list[str]:
    """Return what the chain of the hub says, in order."""
    query = """SELECT entry::jsonb ->> 'kind' FROM ledger_entries
               WHERE chain = 'system' ORDER BY index"""
    return [kind for (kind,) in gateway.rows(query)]


async def test_what_was_declared_stops_every_connection_once_and_keeps_its_moment(
    gateway: Gateway,
) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    await gateway.open("van-hanh", is_essential=True)
    declared = a_declaration()
    order = await settle(gateway.database, declared)
    assert await settle(gateway.database, declared) == order
    assert (await partner.push(a_delivery())).json()["ground"] == "FORCE_MAJEURE"
    assert (await gateway.direction("van-hanh"))["admin_state"] == "ACTIVE"
    view = (await gateway.call("GET", f"/suspensions/{order}")).json()
    assert (view["state"], view["ground"], view["scope"]["kind"]) == (
        *("IN_FORCE", "FORCE_MAJEURE", "system"),
    )
    moment = declared.declared_at.astimezone(ZONE).strftime("%H:%M:%S %d/%m/%Y")
    assert view["internal_reason"].startswith(f"Lệnh lập lúc {moment} bởi truc-ban; ghi lúc ")
    assert kinds(gateway) == ["suspension-ordered", "force-majeure-declared"]
    notices = "SELECT count(*) FROM outbox WHERE type = %s"
    assert gateway.rows(notices, PublishNotice.type) == [(1,)]


async def test_what_was_ended_meanwhile_is_ordered_and_lifted_with_its_remedy(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc")
    ended = a_declaration(ended_at=now(), ended_by="truc-ban", remedy="Đã có điện trở lại")
    order = await settle(gateway.database, ended)
    assert await settle(gateway.database, ended) == order
    view = (await gateway.call("GET", f"/suspensions/{order}")).json()
    assert (view["state"], view["lift"]["remedy"]) == ("LIFTED", "Đã có điện trở lại")
    assert (await gateway.direction("qg-tthc"))["admin_state"] == "ACTIVE"
    assert kinds(gateway) == [
        *("suspension-ordered", "force-majeure-declared"),
        *("suspension-lifted", "force-majeure-ended"),
    ]


async def test_with_nothing_to_stop_there_is_no_order(gateway: Gateway) -> None:
    assert await settle(gateway.database, a_declaration()) is None
    assert kinds(gateway) == []


async def test_a_database_that_is_down_is_to_be_tried_again(gateway: Gateway) -> None:
    down = gateway.settings.model_copy(
        update={"database_url": "postgresql://a:b@127.0.0.1:9/connector_gateway"}
    )
    assert await run(down, a_declaration()) == NOT_YET
