"""Dry runs: what a delivery would do is said, and nothing at all is done."""

import asyncio
import json
from typing import Any

import httpx
import psycopg
import pytest

from submissions.commands import deliveries
from submissions.domain.deliveries.shapes import MOST_BYTES
from tests.support.builders_figures import a_matrix, a_push, an_envelope
from tests.support.reporting import API, COMMUNES, MORNING, Reporting, an_officer, asking, slug
from tests.support.services import a_token

BODY = a_push(
    a_matrix(COMMUNES[0], [["5", "-"]], columns=["c2", "c4"]),
    a_matrix(COMMUNES[1], [["12,5"]], columns=["c2"]),
    a_matrix("99999", [["1"]], columns=["c2"]),
)


async def tried(hub: Reporting, body: bytes = BODY, **claims: Any) -> httpx.Response:
    """Ask what a delivery would do."""
    return await hub.client.post(f"{API}/dry-runs", content=body, headers=asking(**claims))


async def test_a_dry_run_says_what_the_delivery_says_afterwards(hub: Reporting) -> None:
    await hub.assign()
    answer = await tried(hub)
    assert answer.status_code == 200, answer.text
    envelope = an_envelope(BODY, received_at=MORNING.isoformat())
    async with hub.database.transaction() as session:
        await deliveries.take_in(session, [envelope], now=MORNING)
    (said,) = hub.said("submissions.delivery.processed.v1")
    dry = answer.json()
    for name in ("outcome", "counts", "reports", "rejections", "problem"):
        assert dry[name] == said[name], name
    assert dry["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 2}


async def test_a_dry_run_writes_nothing(hub: Reporting) -> None:
    await hub.assign()
    before = hub.everything()
    answer = await tried(hub, a_push(a_matrix(COMMUNES[0], [["5"]], columns=["c2"]), submit=True))
    assert answer.json()["counts"]["created"] == 1
    assert hub.everything() == before


async def test_a_dry_run_waits_for_nobody_who_changes_the_report(hub: Reporting) -> None:
    await hub.assign()
    with psycopg.connect(hub.url) as other:
        other.execute("SELECT 1 FROM reports FOR UPDATE")
        answer = await asyncio.wait_for(tried(hub), 10)
    assert answer.status_code == 200


async def test_a_dry_run_is_held_to_the_grant(hub: Reporting) -> None:
    await hub.assign()
    grant = json.dumps({"regimes": None, "agencies": [COMMUNES[1]]})
    answer = await tried(hub, grant=grant)
    assert {one["type"] for one in answer.json()["rejections"]} == {
        "/problems/agency-not-allowed",
        "/problems/not-a-decimal",
    }


async def test_a_body_that_makes_no_sense_is_answered_like_a_receipt(hub: Reporting) -> None:
    answer = await tried(hub, b'{"regime": ')
    assert answer.status_code == 200
    assert answer.json()["outcome"] == "refused"
    assert answer.json()["problem"]["type"] == "/problems/invalid-json"


async def test_a_dry_run_waits_for_the_code_map_that_it_names(hub: Reporting) -> None:
    answer = await tried(hub, code_map=7)
    assert (answer.status_code, slug(answer)) == (503, "code-map-not-arrived")


async def test_more_than_a_delivery_may_be_is_not_read(hub: Reporting) -> None:
    answer = await tried(hub, bytes(MOST_BYTES + 1))
    assert (answer.status_code, slug(answer)) == (413, "payload-too-large")


STRANGERS = {
    "a person": an_officer(),
    "a system with its own token": {"Authorization": f"Bearer {a_token(connection='qg-tthc')}"},
    "another service": asking(iss="accounts"),
    "without a grant": asking(grant=None),
}


@pytest.mark.parametrize("who", STRANGERS.values(), ids=STRANGERS.keys())
async def test_nobody_but_the_gateway_asks(hub: Reporting, who: dict[str, str]) -> None:
    answer = await hub.client.post(f"{API}/dry-runs", content=BODY, headers=who)
    assert (answer.status_code, slug(answer)) == (403, "gateway-only")
