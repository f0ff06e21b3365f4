"""Signing in: private_key_jwt once, secrets, and every way of not being who one says."""

import base64
import time
from typing import Any

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from tests.support.gateway import ORIGIN, Gateway
from tests.support.partner import API, Partner, a_delivery

SECRET = "bi-mat-cua-bo-nay-dai-hon-ba-muoi-hai-ky-tu"


async def test_an_assertion_signs_in_and_the_token_carries_connection_and_epoch(
    gateway: Gateway,
) -> None:
    partner = await gateway.open("qg-tthc")
    answer = await partner.ask_token()
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 300)
    assert answer.headers["cache-control"] == "no-store"
    found = jwt.decode(token["access_token"], OKPKey.import_key(dict(gateway.keys[0])), ["Ed25519"])
    assert found.header["typ"] == "at+jwt"
    assert (found.claims["connection"], found.claims["epoch"]) == ("qg-tthc", 1)
    assert (found.claims["iss"], found.claims["aud"]) == ("connector-gateway", ["hub"])


async def test_an_assertion_counts_once(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    assertion = partner.assertion()
    assert (await partner.ask_token(assertion)).status_code == 200
    replayed = await partner.ask_token(assertion)
    assert (replayed.status_code, replayed.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "https://khac/token"}, id="another audience"),
        pytest.param({"exp": int(time.time()) - 60}, id="expired"),
        pytest.param({"exp": int(time.time()) + 3600}, id="lives too long"),
        pytest.param(
            {"iat": int(time.time()) + 7200, "exp": int(time.time()) + 7230}, id="from the future"
        ),
        pytest.param({"jti": None}, id="no jti"),
        pytest.param({"iss": "khac", "sub": "khac"}, id="unknown client"),
    ],
)
async def test_a_wrong_assertion_is_refused(gateway: Gateway, claims: dict[str, Any]) -> None:
    partner = await gateway.open("qg-tthc")
    refused = await partner.ask_token(partner.assertion(**claims))
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/client-refused")


async def test_the_issuer_is_an_audience_too(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    assert (await partner.ask_token(partner.assertion(aud=ORIGIN))).status_code == 200


async def test_the_key_of_another_connection_does_not_sign_in(gateway: Gateway) -> None:
    await gateway.open("mot")
    other = await gateway.open("hai")
    forged = Partner(gateway.client, "mot", key=other.key)
    assert (await forged.ask_token()).status_code == 401


async def test_a_forged_signature_does_not_sign_in(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    header, claims, signature = partner.assertion().split(".")
    _, others, _ = partner.assertion(jti="mot-jti-khac").split(".")
    for forged in (f"{header}.{others}.{signature}", f"{header}.{claims}.{signature[::-1]}"):
        refused = await partner.ask_token(forged)
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/client-refused")


async def test_an_unknown_kid_does_not_sign_in_though_the_key_is_right(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    claims = partner.assertion().split(".")[1]
    said = orjson.loads(base64.urlsafe_b64decode(claims + "=="))
    for kid, status in (("khong-co", 401), (partner.key.thumbprint(), 200)):
        header = {"alg": "Ed25519", "kid": kid}
        token = jwt.encode(header, said | {"jti": kid}, partner.key, algorithms=["Ed25519"])
        assert (await partner.ask_token(token)).status_code == status, kid


async def test_a_key_keeps_the_id_that_its_owner_gave_it(gateway: Gateway) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "khoa-2026"})
    partner = Partner(gateway.client, "qg-tthc", key=key)
    await gateway.open("qg-tthc", public_jwk=partner.public_jwk)
    assert (await partner.ask_token()).status_code == 200


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_an_unsigned_or_symmetric_assertion_is_refused(
    gateway: Gateway, algorithm: str
) -> None:
    partner = await gateway.open("qg-tthc")
    _, claims, signature = partner.assertion().split(".")
    header = {"none": "eyJhbGciOiJub25lIn0", "HS256": "eyJhbGciOiJIUzI1NiJ9"}[algorithm]
    assert (await partner.ask_token(f"{header}.{claims}.{signature}")).status_code == 401


async def test_a_secret_signs_in_by_http_basic(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", client_secret=SECRET, public_jwk=None)
    partner = Partner(gateway.client, "qg-tthc", secret=SECRET)
    assert (await partner.push(a_delivery())).status_code == 202
    assert not gateway.rows("SELECT 1 FROM credentials WHERE secret_sha256 = %s", SECRET.encode())


@pytest.mark.parametrize(("code", "secret"), [("qg-tthc", "sai"), ("khong-co", SECRET)])
async def test_a_wrong_secret_and_an_unknown_client_look_the_same(
    gateway: Gateway, code: str, secret: str
) -> None:
    await gateway.open("qg-tthc", client_secret=SECRET, public_jwk=None)
    refused = await Partner(gateway.client, code, secret=secret).ask_token()
    assert refused.status_code == 401
    assert refused.json()["detail"].startswith("Thông tin xác thực")


async def test_a_secret_is_made_and_shown_once(gateway: Gateway) -> None:
    await gateway.open("truoc")
    body = {
        "code": "moi",
        "name": "Mới",
        "system": "he-thong-truoc",
        "directions": ["inbound"],
    }
    secret = (await gateway.call("POST", "/connections", body)).json()["client_secret"]
    assert (await Partner(gateway.client, "moi", secret=secret).ask_token()).status_code == 200
    assert secret not in (await gateway.call("GET", "/connections/moi")).text


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "x"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        (
            {"grant_type": "client_credentials", "client_assertion": "x.y.z"},
            *(400, "invalid_request"),
        ),
    ],
    ids=["another grant", "no grant", "no proof", "no assertion type"],
)
async def test_the_token_endpoint_refuses_as_oauth_has_it(
    gateway: Gateway, form: dict[str, str], status: int, error: str
) -> None:
    answer = await gateway.client.post(f"{API}/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_metadata_says_where_and_how(gateway: Gateway) -> None:
    answer = await gateway.client.get("/.well-known/oauth-authorization-server")
    metadata = answer.json()
    assert metadata["issuer"] == ORIGIN
    assert metadata["token_endpoint"] == f"{ORIGIN}{API}/token"
    keys = await gateway.client.get(httpx.URL(metadata["jwks_uri"]).path)
    assert keys.json()["keys"] == gateway.keys


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "k": "AAAA"},
        {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "!"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {},
    ],
    ids=["symmetric", "no signing key", "broken", "RSA too short", "empty"],
)
async def test_a_key_that_cannot_check_assertions_is_refused(
    gateway: Gateway, jwk: dict[str, str]
) -> None:
    await gateway.open("truoc")
    body = {
        "code": "moi",
        "name": "Mới",
        "system": "he-thong-truoc",
        "directions": ["inbound"],
        "public_jwk": jwk,
    }
    answer = await gateway.call("POST", "/connections", body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/credential-unfit")
