"""Policies: changed by operators alone and on the record, kept by every push after the commit."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from chassis.clock import now
from connector_gateway.main import create_app
from contracts.accounts.v1 import Role
from tests.support.gateway import ORIGIN, Gateway
from tests.support.partner import API, Partner, a_delivery
from tests.support.policies import PATH, POLICY, change_policy


def counts(gateway: Gateway) -> list[tuple[Any, ...]]:
    """Count what a push that is taken would add to."""
    return gateway.rows(
        "SELECT (SELECT count(*) FROM receipts), (SELECT count(*) FROM ledger_entries), "
        "(SELECT count(*) FROM outbox)"
    )


async def test_a_new_connection_may_do_what_its_grants_say(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", regimes=["TTHC-II06A"], while_suspended="quarantine")
    answer = await gateway.call("GET", PATH, by=gateway.person(Role.AUDITOR))
    assert answer.headers["etag"] == '"1"'
    assert answer.json() == POLICY | {"regimes": ["TTHC-II06A"], "while_suspended": "quarantine"}
    assert (await gateway.call("GET", "/connections/khong-co/policy")).status_code == 404


async def test_a_change_is_read_again_and_stands_in_the_ledger_once(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    terms: dict[str, Any] = {"regimes": ["CDS-XA"], "networks": ["203.0.113.7", "2001:DB8::/32"]}
    changed = await change_policy(gateway, **terms)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["networks"] == ["203.0.113.7/32", "2001:db8::/32"]
    assert (await gateway.call("GET", PATH)).json() == changed.json()
    assert (await change_policy(gateway, '"2"', **terms)).headers["etag"] == '"2"'
    entries = [
        json.loads(entry)
        for (entry,) in gateway.rows("SELECT entry FROM ledger_entries WHERE chain = 'qg-tthc'")
    ]
    [said] = [entry for entry in entries if entry["kind"] == "policy-changed"]
    assert said["revision"] == 2
    assert json.loads(said["policy"])["regimes"] == ["CDS-XA"]


async def test_the_grants_of_a_policy_go_with_every_delivery_after_it(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await change_policy(gateway, agencies=["07201"])
    await partner.push(a_delivery())
    ((headers,),) = gateway.rows("SELECT headers FROM outbox WHERE type LIKE '%%delivery%%'")
    assert json.loads(json.loads(headers)["grant"]) == {"regimes": None, "agencies": ["07201"]}


async def test_a_change_names_the_policy_that_was_read(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    blind = await gateway.call("PUT", PATH, POLICY)
    assert (blind.status_code, blind.json()["type"]) == (428, "/problems/etag-required")
    assert (await change_policy(gateway, formats=["json"])).status_code == 200
    late = await change_policy(gateway, formats=["csv"])
    assert (late.status_code, late.json()["type"]) == (412, "/problems/stale-etag")
    assert (await gateway.call("GET", PATH)).json()["formats"] == ["json"]


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        pytest.param({"formats": []}, "/formats", id="no format"),
        pytest.param({"formats": ["pdf"]}, "/formats/0", id="a format that is none"),
        pytest.param({"networks": []}, "/networks", id="from nowhere"),
        pytest.param({"networks": ["203.0.113.7/24"]}, "/networks/0", id="host bits"),
        pytest.param({"networks": ["hub.test"]}, "/networks/0", id="a name"),
        pytest.param({"quota": {"burst": 3}}, "/quota", id="burst without pace"),
        pytest.param(
            {"quota": {"deliveries_per_minute": 0}}, "/quota/deliveries_per_minute", id="none"
        ),
        pytest.param({"quota": {"bytes_per_day": 1000}}, "/quota/bytes_per_day", id="none fits"),
        pytest.param({"signed": "maybe"}, "/signed", id="signed or not"),
        pytest.param({"la": 1}, "/la", id="an unknown field"),
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused_with_its_place(
    gateway: Gateway, terms: dict[str, Any], place: str
) -> None:
    await gateway.open("qg-tthc")
    refused = await change_policy(gateway, **terms)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [place]
    assert (await gateway.call("GET", PATH)).headers["etag"] == '"1"'


async def test_a_policy_is_said_whole(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    said = {name: value for name, value in POLICY.items() if name != "networks"}
    headers = gateway.operator | {"If-Match": '"1"'}
    refused = await gateway.client.put(f"{API}{PATH}", json=said, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/networks"


async def test_only_the_networks_of_a_connection_push_and_sign_in(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    await change_policy(gateway, networks=["2001:db8::/32"])
    before = counts(gateway)
    spoofed = await partner.push(a_delivery(), x_forwarded_for="2001:db8::1")
    assert (spoofed.status_code, spoofed.json()["type"]) == (403, "/problems/ip-not-allowed")
    assert "127.0.0.1" in spoofed.json()["detail"]
    assert (await partner.ask_token()).status_code == 403
    tried = await gateway.client.post(
        f"{partner.deliveries}?dry_run=true", json=a_delivery(), headers=await partner.headers()
    )
    assert tried.json()["type"] == "/problems/ip-not-allowed"
    assert counts(gateway) == before
    transport = httpx.ASGITransport(gateway.app, client=("2001:db8::1", 443))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        at_home = Partner(client, "qg-tthc", key=partner.key)
        assert (await at_home.push(a_delivery())).status_code == 202


async def test_a_format_that_is_not_allowed_changes_nothing(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await change_policy(gateway, formats=["json"])
    before = counts(gateway)
    table = b"agency,row,column,value\n07201,1,c2,120\n"
    refused = await partner.push(table, content_type="text/csv")
    assert (refused.status_code, refused.json()["type"]) == (415, "/problems/format-not-allowed")
    assert "csv" in refused.json()["detail"]
    assert counts(gateway) == before
    assert (await partner.push(a_delivery())).status_code == 202


async def test_a_suspended_connection_hears_of_that_first(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    await change_policy(gateway, networks=["2001:db8::/32"])
    await gateway.suspend("qg-tthc")
    assert (await partner.push(a_delivery())).status_code == 503


async def test_what_exceeds_the_quota_waits_and_changes_nothing(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await change_policy(gateway, quota={"deliveries_per_minute": 1, "burst": 2})
    first, _ = [await partner.push(a_delivery(), key=key) for key in ("a", "b")]
    assert first.headers["ratelimit-policy"] == '"burst";q=2;w=120'
    assert first.headers["ratelimit"].startswith('"burst";r=1;t=')
    before = counts(gateway)
    refused = await partner.push(a_delivery(), key="c")
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/quota-exceeded")
    assert refused.json()["errors"][0]["detail"] == "Hạn mức là 1 lần gửi mỗi phút."
    assert 50 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"burst";r=0;t=')
    assert counts(gateway) == before
    wrong = await partner.push(b"{", key="d")
    assert (wrong.status_code, "ratelimit" in wrong.headers) == (400, True)


async def test_a_repeated_push_takes_nothing_from_the_quota(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await change_policy(gateway, quota={"deliveries_per_minute": 1})
    told = [await partner.push(a_delivery(), key="k") for _ in range(3)]
    assert {answer.status_code for answer in told} == {202}
    assert len({answer.json()["receipt"] for answer in told}) == 1


async def test_a_quota_is_exact_for_pushes_that_arrive_together_at_two_replicas(
    gateway: Gateway,
) -> None:
    partner = await gateway.open("qg-tthc")
    await partner.sign_in()
    await change_policy(gateway, quota={"deliveries_per_minute": 1, "burst": 17})
    second = create_app(gateway.settings)
    transport = httpx.ASGITransport(second)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        other = Partner(client, "qg-tthc", key=partner.key, token=partner.token)
        answers = await asyncio.gather(
            *(who.push(a_delivery()) for _ in range(30) for who in (partner, other))
        )
    await second.state.database.close()
    assert sorted(answer.status_code for answer in answers) == [202] * 17 + [429] * 43
    assert gateway.rows("SELECT count(*) FROM receipts") == [(17,)]


async def test_a_quota_refills_with_time_and_bytes_with_the_day(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    await change_policy(gateway, quota={"bytes_per_day": 5 << 20})
    gateway.execute(
        "UPDATE connections SET spent_on = %s, spent_bytes = %s", now().date(), (5 << 20) - 10
    )
    refused = await partner.push(a_delivery())
    assert refused.json()["type"] == "/problems/quota-exceeded"
    gateway.execute("UPDATE connections SET spent_on = %s", (now() - timedelta(days=1)).date())
    taken = await partner.push(a_delivery())
    assert taken.status_code == 202
    size = len(json.dumps(a_delivery()))
    assert gateway.rows("SELECT spent_bytes FROM connections") == [(size,)]
    assert f'"day";r={(5 << 20) - size};t=' in taken.headers["ratelimit"]


async def test_without_a_quota_nothing_is_said_and_nothing_is_written(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    row = "SELECT xmin::text, paced_until, spent_on FROM connections"
    before = gateway.rows(row)
    answer = await partner.push(a_delivery())
    assert "ratelimit" not in answer.headers
    assert gateway.rows(row) == before
