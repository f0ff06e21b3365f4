"""Signed pushes (RFC 9421): required by policy, bound to key, address, body and moment."""

import gzip
import json
import time
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from tests.support.gateway import Gateway
from tests.support.partner import Partner, a_delivery
from tests.support.policies import change_policy
from tests.support.signing import digest_of, signed

BODY = json.dumps(a_delivery()).encode()


async def a_signer(gateway: Gateway) -> Partner:
    """Open a connection that must sign its pushes."""
    partner = await gateway.open("qg-tthc")
    assert (await change_policy(gateway, signed="required")).status_code == 200
    return partner


async def test_a_signed_push_is_taken(gateway: Gateway) -> None:
    partner = await a_signer(gateway)
    assert (await partner.push(BODY, **signed(partner, BODY))).status_code == 202
    by_path = signed(partner, BODY, covered=("@method", "@path", "content-digest", "@target-uri"))
    assert (await partner.push(BODY, **by_path)).status_code == 202


async def test_a_packed_push_is_signed_as_sent(gateway: Gateway) -> None:
    partner = await a_signer(gateway)
    body = gzip.compress(BODY)
    told = await partner.push(body, content_encoding="gzip", **signed(partner, body))
    assert told.status_code == 202, told.text


async def test_a_push_that_is_not_signed_is_refused_and_changes_nothing(gateway: Gateway) -> None:
    partner = await a_signer(gateway)
    entries = gateway.rows("SELECT count(*) FROM ledger_entries")
    refused = await partner.push(BODY)
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/signature-required")
    assert gateway.rows("SELECT count(*) FROM receipts") == [(0,)]
    assert gateway.rows("SELECT count(*) FROM ledger_entries") == entries


WRONG: list[Any] = [
    pytest.param({"created": int(time.time()) - 3600}, id="too old"),
    pytest.param({"created": int(time.time()) + 3600}, id="from the future"),
    pytest.param({"keyid": "khong-co"}, id="a key that nobody registered"),
    pytest.param({"covered": ("@method", "content-digest")}, id="for no address"),
    pytest.param({"covered": ("@method", "@target-uri")}, id="for no body"),
    pytest.param({"covered": ("@target-uri", "content-digest")}, id="for no method"),
    pytest.param({"target_uri": "https://khac.example/deliveries"}, id="for another address"),
    pytest.param({"method": "PUT"}, id="for another method"),
    pytest.param({"content_digest": digest_of(b"{}")}, id="for another body"),
]


@pytest.mark.parametrize("changes", WRONG)
async def test_a_signature_that_does_not_hold_is_refused(
    gateway: Gateway, changes: dict[str, Any]
) -> None:
    partner = await a_signer(gateway)
    refused = await partner.push(BODY, **signed(partner, BODY, **changes))
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/signature-invalid")
    assert gateway.rows("SELECT count(*) FROM receipts") == [(0,)]


async def test_the_key_of_somebody_else_does_not_sign(gateway: Gateway) -> None:
    partner = await a_signer(gateway)
    other = await gateway.open("khac")
    forged = Partner(gateway.client, "qg-tthc", key=other.key, token=await partner.sign_in())
    for keyid in (other.key.kid, partner.key.kid):
        refused = await forged.push(BODY, **signed(forged, BODY, keyid=keyid))
        assert refused.json()["type"] == "/problems/signature-invalid"


@pytest.mark.parametrize("field", ["signature", "signature_input", "content_digest"])
async def test_a_broken_field_is_refused(gateway: Gateway, field: str) -> None:
    partner = await a_signer(gateway)
    for broken in ("", "sig1", "sig1=:AAAA:", "=;;", "sig1=1", 'sig1=("@method");created=1'):
        refused = await partner.push(BODY, **signed(partner, BODY) | {field: broken})
        assert refused.status_code == 401, (broken, refused.text)


async def test_an_ended_key_signs_no_more(gateway: Gateway) -> None:
    partner = await a_signer(gateway)
    path = "/connections/qg-tthc/credentials"
    new = Partner(gateway.client, "qg-tthc")
    await gateway.call("POST", path, {"overlap_hours": 24, "public_jwk": new.public_jwk})
    await new.sign_in()
    overlapping = Partner(gateway.client, "qg-tthc", key=partner.key, token=new.token)
    assert (await overlapping.push(BODY, **signed(overlapping, BODY))).status_code == 202
    _, old = (await gateway.call("GET", path)).json()["items"]
    await gateway.call("POST", f"{path}/{old['id']}/end", {"reason": "Lộ khóa"})
    overlapping.token = await new.sign_in()
    refused = await overlapping.push(BODY, **signed(overlapping, BODY))
    assert refused.json()["type"] == "/problems/signature-invalid"
    assert (await new.push(BODY, **signed(new, BODY))).status_code == 202


async def test_a_signature_that_nobody_asked_for_is_not_looked_at(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    told = await partner.push(BODY, signature="sig1=:AAAA:", signature_input="sig1=()")
    assert told.status_code == 202


async def test_nobody_must_sign_who_has_no_key_to_sign_with(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", public_jwk=None)
    refused = await change_policy(gateway, signed="required")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/signing-key-missing")
    key = OKPKey.generate_key("Ed25519").as_dict(private=False)
    given = await gateway.call(
        "POST", "/connections/qg-tthc/credentials", {"overlap_hours": 24, "public_jwk": key}
    )
    assert given.status_code == 201, given.text
    assert (await change_policy(gateway, signed="required")).status_code == 200
