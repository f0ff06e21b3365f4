"""Bad input at the doors of reporting: a problem names the place, and nothing changes."""

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

import chassis.clock
from chassis.auth import ALGORITHM, AUDIENCE, TOKEN_TYPE
from tests.support.reporting import API, COMMUNES, Reporting, an_officer, places, slug
from tests.support.services import KEY

UNIT = COMMUNES[0]
SURROGATE = b'"\\ud800"'


@pytest.mark.parametrize(
    ("body", "media_type", "status", "found"),
    [
        (b"{", "application/json", 400, {"": "invalid-json"}),
        (b'{"cells": {"1:c2": "1"', "application/json", 400, {"": "invalid-json"}),
        (b'{"cells": {"1:c2": 5}}', "application/json", 422, {"/cells/1:c2": "invalid-value"}),
        (b'{"cells": {"1:c2": 1e400}}', "application/json", 422, {"/cells/1:c2": "invalid-value"}),
        (b'{"cells": {"1:c2": NaN}}', "application/json", 422, {"/cells/1:c2": "invalid-value"}),
        (b'{"cells": {"1:c2": null}}', "application/json", 422, {"/cells/1:c2": "invalid-value"}),
        (
            b'{"cells": {"1:c2": ' + SURROGATE + b"}}",
            "application/json",
            422,
            {"/cells/1:c2": "invalid-text"},
        ),
        (b'{"cells": []}', "application/json", 422, {"/cells": "invalid-value"}),
        (b"[]", "application/json", 422, {"": "invalid-value"}),
        (b'{"o": 1}', "application/json", 422, {"/o": "unknown-field"}),
        (
            b'{"notes": {"qua-han:1": "\\ufffd"}}',
            "application/json",
            422,
            {"/notes/qua-han:1": "invalid-text"},
        ),
    ],
    ids=lambda value: value.decode()[:40] if isinstance(value, bytes) else "",
)
async def test_a_body_that_makes_no_sense_is_refused_with_its_place(
    hub: Reporting, body: bytes, media_type: str, status: int, found: dict[str, str]
) -> None:
    report = (await hub.assign())[UNIT]
    before = hub.everything()
    answer = await hub.client.patch(
        f"{API}/reports/{report}",
        content=body,
        headers={**an_officer(), "Content-Type": media_type, "If-Match": '"1"'},
    )
    assert (answer.status_code, places(answer)) == (status, found), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert hub.everything() == before


@pytest.mark.parametrize("body", [b'{"cells": {"\\ud800:c2": "1"}}', b"\xff\xfe", b"cells=1"])
async def test_bytes_that_are_no_text_or_no_json_end_in_a_problem(
    hub: Reporting, body: bytes
) -> None:
    report = (await hub.assign())[UNIT]
    for media_type in ("application/json", "application/x-www-form-urlencoded", "text/csv"):
        answer = await hub.client.patch(
            f"{API}/reports/{report}",
            content=body,
            headers={**an_officer(), "Content-Type": media_type, "If-Match": '"1"'},
        )
        assert answer.status_code in {400, 415, 422}, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_token_that_is_expired_foreign_or_forged_opens_nothing(hub: Reporting) -> None:
    claims = {
        "iss": "tests",
        "aud": AUDIENCE,
        "sub": "ai-do",
        "agency": UNIT,
        "roles": ["officer"],
        "exp": int(chassis.clock.now().timestamp()) + 300,
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": KEY.kid}
    stranger = OKPKey.generate_key("Ed25519")
    tokens = {
        "expired": jwt.encode(header, {**claims, "exp": 1}, KEY, algorithms=[ALGORITHM]),
        "foreign": jwt.encode(header, {**claims, "aud": "khac"}, KEY, algorithms=[ALGORITHM]),
        "forged": jwt.encode(header, claims, stranger, algorithms=[ALGORITHM]),
        "no-key": jwt.encode({**header, "kid": "khac"}, claims, KEY, algorithms=[ALGORITHM]),
        "no-token": "a.b.c",
    }
    for name, token in tokens.items():
        headers = {"Authorization": f"Bearer {token}"}
        answer = await hub.client.get(f"{API}/my-work", headers=headers)
        assert (answer.status_code, slug(answer)) == (401, "unauthenticated"), name
    assert (await hub.client.get(f"{API}/my-work")).status_code == 401


async def test_a_connected_system_sees_no_report(hub: Reporting) -> None:
    report = (await hub.assign())[UNIT]
    claims = {
        "iss": "connector-gateway",
        "aud": AUDIENCE,
        "sub": "qg-tthc",
        "connection": "qg-tthc",
        "epoch": 1,
        "exp": int(chassis.clock.now().timestamp()) + 300,
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": KEY.kid}
    token = jwt.encode(header, claims, KEY, algorithms=[ALGORITHM])
    by = {"Authorization": f"Bearer {token}"}
    assert (await hub.call("GET", f"/reports/{report}", by=by)).status_code == 404
    assert (await hub.call("GET", "/reports", by=by)).json()["items"] == []
    assert (await hub.call("GET", "/my-work", by=by)).json()["items"] == []
