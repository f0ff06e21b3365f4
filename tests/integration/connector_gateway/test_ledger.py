"""The ledger as it is exported: it verifies, and a touched database is found out."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.util import urlsafe_b64decode

from chassis.clock import now
from connector_gateway.commands.keys import signing_key
from connector_gateway.commands.ledger import sign_roots
from connector_gateway.domain.ledger import Breach, Link, verify
from tests.support.gateway import Gateway
from tests.support.partner import a_delivery


async def exported(gateway: Gateway, chain: str = "qg-tthc") -> list[Link]:
    """Return a chain as an outsider gets it, page after page."""
    links: list[Link] = []
    after = ""
    while True:
        page = (await gateway.call("GET", f"/ledger?chain={chain}&limit=4{after}")).json()
        links += [
            Link(
                one["chain"],
                one["index"],
                datetime.fromisoformat(one["at"]),
                one["entry"],
                bytes.fromhex(one["hash"]),
            )
            for one in page["items"]
        ]
        if not page["next"]:
            return links
        after = f"&after={page['next']}"


async def history(gateway: Gateway) -> None:
    """Let a connection live: pushes, a suspension, refusals, a lift, pushes."""
    partner = await gateway.open("qg-tthc")
    for _ in range(3):
        await partner.push(a_delivery())
    order = (await gateway.suspend("qg-tthc"))["id"]
    await partner.push(a_delivery())
    await gateway.lift(order)
    await partner.sign_in()
    await partner.push(a_delivery())


@pytest.mark.parametrize("chain", ["qg-tthc", "system"])
async def test_an_exported_chain_verifies(gateway: Gateway, chain: str) -> None:
    await history(gateway)
    links = await exported(gateway, chain)
    assert len(links) > 2
    assert verify(chain, links) is None


@pytest.mark.parametrize(
    ("tamper", "breach"),
    [
        pytest.param(
            """UPDATE ledger_entries SET entry = replace(entry, '"epoch":1', '"epoch":9')
               WHERE chain = 'qg-tthc' AND index = 3""",
            Breach("qg-tthc", 3, "changed"),
            id="changed",
        ),
        pytest.param(
            "DELETE FROM ledger_entries WHERE chain = 'qg-tthc' AND index = 3",
            Breach("qg-tthc", 3, "missing"),
            id="dropped",
        ),
        pytest.param(
            """UPDATE ledger_entries AS l SET entry = o.entry, hash = o.hash, at = o.at
               FROM ledger_entries AS o WHERE l.chain = 'qg-tthc' AND o.chain = 'qg-tthc'
               AND l.index IN (3, 4) AND o.index = 7 - l.index""",
            Breach("qg-tthc", 3, "misplaced"),
            id="swapped",
        ),
    ],
)
async def test_a_touched_row_is_named(gateway: Gateway, tamper: str, breach: Breach) -> None:
    await history(gateway)
    gateway.tamper("ledger_entries", tamper)
    assert verify("qg-tthc", await exported(gateway)) == breach


async def test_a_root_is_signed_once_a_day_over_every_chain(gateway: Gateway) -> None:
    await history(gateway)
    tomorrow = now() + timedelta(days=1)
    key = signing_key(gateway.settings.signing_key_file)
    for _ in range(2):
        async with gateway.database.transaction() as session:
            await sign_roots(session, key, now=tomorrow)
    (root,) = (await gateway.call("GET", "/ledger/roots")).json()["items"]
    last = (await exported(gateway))[-1]
    assert f'"qg-tthc":[{last.index},"{last.hash.hex()}"]' in root["statement"]
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(gateway.keys[0]["x"].encode()))
    public.verify(bytes.fromhex(root["signature"]), bytes.fromhex(root["root"]))
