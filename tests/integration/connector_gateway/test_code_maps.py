"""Code maps: published in versions, tried on a sample, pinned beside every delivery."""

import json
from typing import Any

import httpx
import psycopg
import pytest

from chassis.database import Database
from connector_gateway.commands import held
from connector_gateway.queries import connections
from contracts.connector_gateway.v1 import CodeMapPublished
from tests.support.gateway import Gateway
from tests.support.partner import API, Partner, a_delivery

MAP = {
    "regimes": {"BC-06A": "TTHC-II06A"},
    "agencies": {"XA-01": "07201"},
    "rows": {"TTHC-II06A": {"LV01": "1"}},
    "columns": {"TTHC-II06A": {"moi": "c2"}},
}
TABLE = """\ufeffkind;regime;theirs;ours
regime;;BC-06A;TTHC-II06A
agency;;XA-01;07201
row;TTHC-II06A;LV01;1

column;TTHC-II06A;moi;c2
"""
SAMPLE: dict[str, Any] = {
    "regime": "BC-06A",
    "period": "2026-H1",
    "reports": [
        {"agency": "XA-01", "rows": ["LV01", "LV09"], "columns": ["moi"], "values": [["1"], ["2"]]},
        {"agency": "07204", "rows": ["LV01"], "columns": ["moi"], "values": [["1"]]},
    ],
}


async def publish(gateway: Gateway, codes: dict[str, Any], code: str = "qg-tthc") -> httpx.Response:
    """Publish a map as an operator."""
    return await gateway.call("PUT", f"/connections/{code}/code-map", codes)


async def publish_table(gateway: Gateway, table: str) -> httpx.Response:
    """Publish a map as a table."""
    headers = {**gateway.operator, "Content-Type": "text/csv"}
    path = f"{API}/connections/qg-tthc/code-map"
    return await gateway.client.put(path, content=table.encode(), headers=headers)


async def try_on(partner: Partner, body: bytes, kind: str = "application/json") -> dict[str, Any]:
    """Try the newest map on a sample, as the system itself."""
    headers = {**await partner.headers(), "Content-Type": kind}
    path = f"{API}/connections/{partner.code}/code-map/test"
    answer = await partner.client.post(path, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def pinned(gateway: Gateway) -> list[str]:
    """Return the version of the map that each delivery sent on names."""
    rows = gateway.rows(
        "SELECT headers FROM outbox WHERE type = 'connector-gateway.delivery.received.v1'"
        " ORDER BY id"
    )
    return [json.loads(headers)["code_map"] for (headers,) in rows]


async def test_a_map_is_published_told_and_shown(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    answer = await publish(gateway, MAP)
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == 1
    shown = await gateway.client.get(
        f"{API}/connections/qg-tthc/code-map", headers=await partner.headers()
    )
    assert shown.json() == answer.json()
    assert {kind: shown.json()[kind] for kind in MAP} == MAP
    ((value,),) = gateway.rows("SELECT value FROM outbox WHERE type LIKE '%%code-map%%'")
    told = CodeMapPublished.from_bytes(value)
    assert (told.connection, told.version, told.rows) == ("qg-tthc", 1, MAP["rows"])
    assert gateway.rows(
        "SELECT count(*) FROM ledger_entries WHERE chain = 'qg-tthc'"
        " AND entry::jsonb ->> 'kind' = 'code-map-published'"
    ) == [(1,)]


async def test_a_new_map_is_a_new_version_and_the_old_one_stays(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await publish(gateway, MAP)
    second = await publish(gateway, {"agencies": {"XA-02": "07204"}})
    again = await publish(gateway, {"agencies": {"XA-02": "07204"}})
    assert (second.json()["version"], again.json()["version"]) == (2, 2)
    first = await gateway.call("GET", "/connections/qg-tthc/code-map?version=1")
    assert first.json()["agencies"] == MAP["agencies"]
    with pytest.raises(psycopg.errors.RestrictViolation):
        gateway.execute("UPDATE code_maps SET codes = '{}'")


async def test_a_map_is_imported_from_a_table(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    answer = await publish_table(gateway, TABLE)
    assert answer.status_code == 200, answer.text
    assert {kind: answer.json()[kind] for kind in MAP} == MAP


async def test_every_bad_line_of_a_table_is_named_and_nothing_is_published(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc")
    table = (
        "kind,regime,theirs,ours\nunit,,a,b\nagency,X1,a,07201\nagency,,,07201\n"
        "row,,a,1\nregime,,a,thấp\nagency,,a,07201\nagency,,a,07204\nrow,X1,a\n"
    )
    answer = await publish_table(gateway, table)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/code-map-invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "/lines/2/kind",
        "/lines/3/regime",
        "/lines/4/theirs",
        "/lines/5/regime",
        "/lines/6/ours",
        "/lines/8/theirs",
        "/lines/9",
    ]
    assert gateway.rows("SELECT count(*) FROM code_maps") == [(0,)]


async def test_every_bad_code_of_a_body_is_named(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    answer = await publish(gateway, {"regimes": {"a": "?"}, "agencies": {"b": "?"}, "units": {}})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "/regimes/a",
        "/agencies/b",
        "/units",
    ]


async def test_a_map_that_no_message_could_carry_is_refused(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    answer = await publish(gateway, {"agencies": {f"a{at}": "07201" for at in range(5001)}})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/code-map-too-large")


async def test_the_largest_map_fits_on_its_topic(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    wide = "ệ" * 55
    rows = {f"{at:05}{wide}": f"{at:05}{wide}" for at in range(5000)}
    answer = await publish(gateway, {"rows": {"TTHC-II06A": rows}})
    assert answer.status_code == 200, answer.text
    ((size,),) = gateway.rows("SELECT length(value) FROM outbox WHERE type LIKE '%%code-map%%'")
    assert size < CodeMapPublished.topic.max_message_bytes


async def test_a_sample_tells_what_would_be_mapped_and_what_not(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await publish(gateway, MAP)
    tried = await try_on(partner, json.dumps(SAMPLE).encode())
    assert [
        (one["kind"], one["theirs"], one["ours"], one["pointer"]) for one in tried["mapped"]
    ] == [
        ("regime", "BC-06A", "TTHC-II06A", "/regime"),
        ("agency", "XA-01", "07201", "/reports/0/agency"),
        ("row", "LV01", "1", "/reports/0/rows/0"),
        ("column", "moi", "c2", "/reports/0/columns/0"),
    ]
    assert [(one["kind"], one["code"], one["pointer"]) for one in tried["unmapped"]] == [
        ("row", "LV09", "/reports/0/rows/1"),
        ("agency", "07204", "/reports/1/agency"),
    ]
    assert gateway.rows("SELECT count(*) FROM receipts") == [(0,)]


async def test_a_sample_may_be_a_table(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await publish(gateway, MAP)
    table = b"regime,agency,row,column,value\nBC-06A,XA-01,LV01,moi,1\nBC-06A,XA-01,LV07,moi,1\n"
    tried = await try_on(partner, table, "text/csv")
    assert len(tried["mapped"]) == 4
    assert [(one["code"], one["pointer"]) for one in tried["unmapped"]] == [
        ("LV07", "/lines/3/row")
    ]


@pytest.mark.parametrize(
    "odd",
    [
        b'{"regime": 7, "reports": {"agency": 1}, "figures": [1, {"row": []}]}',
        b'{"reports": [{"rows": "LV01", "columns": [1, null]}]}',
    ],
)
async def test_an_odd_sample_names_no_codes(gateway: Gateway, odd: bytes) -> None:
    partner = await gateway.open("qg-tthc")
    await publish(gateway, MAP)
    tried = await try_on(partner, odd)
    assert (tried["mapped"], tried["unmapped"]) == ([], [])


async def test_a_connection_without_a_map_has_none_to_show_or_try(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    for method, path in (("GET", "code-map"), ("POST", "code-map/test")):
        answer = await gateway.call(method, f"/connections/qg-tthc/{path}", SAMPLE)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/code-map-unknown")


async def test_a_delivery_names_the_version_of_its_moment(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.push(a_delivery())
    await publish(gateway, MAP)
    await partner.push(a_delivery())
    await publish(gateway, {})
    await partner.push(a_delivery())
    assert pinned(gateway) == ["0", "1", "2"]


async def release(database: Database, code: str) -> None:
    """Send on what is held of a connection."""
    async with database.transaction() as session:
        connection = await connections.connection_for_update(session, code)
        assert connection is not None
        await held.mark_released(session, connection)
        await held.release(session, connection)


async def test_what_was_held_is_read_with_the_version_of_its_moment(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc", while_suspended="quarantine")
    await publish(gateway, MAP)
    await partner.sign_in()
    await gateway.suspend("qg-tthc")
    assert (await partner.push(a_delivery())).json()["state"] == "held"
    await publish(gateway, {"agencies": {"XA-02": "07204"}})
    await release(gateway.database, "qg-tthc")
    assert pinned(gateway) == ["1"]
