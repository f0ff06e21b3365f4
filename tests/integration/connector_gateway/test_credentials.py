"""Rotating keys and secrets: both count during the overlap, one alone after it, none once ended."""

import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.clock import now
from contracts.accounts.v1 import Role
from tests.support.gateway import Gateway
from tests.support.partner import Partner, a_delivery

PATH = "/connections/qg-tthc/credentials"
SECRET = "bi-mat-cua-bo-nay-dai-hon-ba-muoi-hai-ky-tu"


async def rotate(gateway: Gateway, partner: Partner | None = None, hours: int = 24) -> Any:
    """Rotate to the key of ``partner``, or to a new secret."""
    body = {"overlap_hours": hours, "public_jwk": partner.public_jwk if partner else None}
    answer = await gateway.call("POST", PATH, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def signs_in(partner: Partner, *, after: timedelta = timedelta()) -> bool:
    """Say whether ``partner`` gets a token so long from now."""
    moment = int(time.time() + after.total_seconds())
    assertion = partner.assertion(iat=moment, exp=moment + 55)
    answer = await partner.ask_token(None if partner.secret else assertion)
    return answer.status_code == 200


async def listed(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the credentials as an auditor sees them."""
    answer = await gateway.call("GET", PATH, by=gateway.person(Role.AUDITOR))
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def entries(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    """Return the ledger entries of one kind."""
    found = gateway.rows("SELECT entry FROM ledger_entries ORDER BY index")
    return [entry for (text,) in found if (entry := json.loads(text))["kind"] == kind]


async def test_both_keys_sign_in_during_the_overlap_and_the_new_one_alone_after_it(
    gateway: Gateway,
) -> None:
    old = await gateway.open("qg-tthc")
    new = Partner(gateway.client, "qg-tthc")
    given = await rotate(gateway, new, hours=24)
    assert (given["kind"], given["kid"], given["client_secret"]) == ("key", new.key.kid, None)
    assert (await signs_in(old), await signs_in(new)) == (True, True)
    late = timedelta(hours=23, minutes=59)
    gateway.clock.moment = now() + late
    assert (await signs_in(old, after=late), await signs_in(new, after=late)) == (True, True)
    later = timedelta(hours=24, minutes=1)
    gateway.clock.moment = now() + later
    assert (await signs_in(old, after=later), await signs_in(new, after=later)) == (False, True)


async def test_a_new_secret_is_shown_once_and_the_old_one_ends_after_72_hours(
    gateway: Gateway,
) -> None:
    await gateway.open("qg-tthc", client_secret=SECRET, public_jwk=None)
    given = await rotate(gateway, hours=72)
    old = Partner(gateway.client, "qg-tthc", secret=SECRET)
    new = Partner(gateway.client, "qg-tthc", secret=given["client_secret"])
    assert (await signs_in(old), await signs_in(new)) == (True, True)
    assert given["client_secret"] not in json.dumps(await listed(gateway))
    assert given["client_secret"] not in json.dumps(entries(gateway, "credential-added"))
    gateway.clock.moment = now() + timedelta(hours=72, minutes=1)
    assert (await signs_in(old), await signs_in(new)) == (False, True)


async def test_a_key_does_not_end_a_secret(gateway: Gateway) -> None:
    await gateway.open("qg-tthc", client_secret=SECRET, public_jwk=None)
    await rotate(gateway, Partner(gateway.client, "qg-tthc"))
    kinds = {one["kind"]: one["valid_to"] for one in await listed(gateway)}
    assert kinds == {"key": None, "secret": None}


async def test_a_second_rotation_lets_nothing_live_longer(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await rotate(gateway, Partner(gateway.client, "qg-tthc"), hours=24)
    await rotate(gateway, Partner(gateway.client, "qg-tthc"), hours=72)
    newest, middle, oldest = await listed(gateway)
    assert newest["valid_to"] is None
    assert oldest["valid_to"] < middle["valid_to"]


async def test_an_ended_key_counts_no_more_nor_do_the_tokens_it_got(gateway: Gateway) -> None:
    old = await gateway.open("qg-tthc")
    new = Partner(gateway.client, "qg-tthc")
    await rotate(gateway, new)
    await old.sign_in()
    _, known = await listed(gateway)
    ended = await gateway.call("POST", f"{PATH}/{known['id']}/end", {"reason": "Lộ khóa riêng"})
    assert (ended.status_code, ended.json()["is_valid"]) == (200, False)
    outdated = await old.push(a_delivery())
    assert (outdated.status_code, outdated.json()["type"]) == (401, "/problems/token-outdated")
    assert (await signs_in(old), await signs_in(new)) == (False, True)
    assert (await new.push(a_delivery())).status_code == 202
    again = await gateway.call("POST", f"{PATH}/{known['id']}/end", {"reason": "x"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/credential-ended")


async def test_giving_and_ending_stand_in_the_ledger(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    new = Partner(gateway.client, "qg-tthc")
    given = await rotate(gateway, new)
    _, old = await listed(gateway)
    await gateway.call("POST", f"{PATH}/{given['id']}/end", {"reason": "Nhầm khóa"})
    [added] = entries(gateway, "credential-added")
    assert (added["credential"], added["kid"]) == (given["id"], new.key.kid)
    assert added["replaces"] == old["id"]
    [ended] = entries(gateway, "credential-ended")
    assert (ended["credential"], ended["reason"]) == (given["id"], "Nhầm khóa")


async def test_a_key_that_the_connection_has_or_had_is_refused(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    renamed = partner.public_jwk | {"kid": "ten-khac"}
    for jwk in (partner.public_jwk, renamed):
        refused = await gateway.call("POST", PATH, {"overlap_hours": 24, "public_jwk": jwk})
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/credential-known")
    assert len(await listed(gateway)) == 1


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param({"overlap_hours": 23}, "/overlap_hours", id="too short an overlap"),
        pytest.param({"overlap_hours": 73}, "/overlap_hours", id="too long an overlap"),
        pytest.param({}, "/overlap_hours", id="no overlap"),
        pytest.param({"overlap_hours": 24, "client_secret": SECRET}, "/client_secret", id="own"),
    ],
)
async def test_a_rotation_that_makes_no_sense_changes_nothing(
    gateway: Gateway, body: dict[str, Any], place: str
) -> None:
    await gateway.open("qg-tthc")
    refused = await gateway.call("POST", PATH, body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [place]
    assert [one["valid_to"] for one in await listed(gateway)] == [None]


async def test_a_private_or_unfit_key_is_refused(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    private = Partner(gateway.client, "qg-tthc").key.as_dict(private=True)
    for jwk in (private, {"kty": "oct", "k": "AAAA"}):
        refused = await gateway.call("POST", PATH, {"overlap_hours": 24, "public_jwk": jwk})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/credential-unfit")
    assert len(await listed(gateway)) == 1


async def test_a_credential_of_another_connection_is_not_found(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    await gateway.open("khac")
    (other,) = (await gateway.call("GET", "/connections/khac/credentials")).json()["items"]
    for id in (other["id"], str(uuid4())):
        missing: httpx.Response = await gateway.call("POST", f"{PATH}/{id}/end", {"reason": "x"})
        assert (missing.status_code, missing.json()["type"]) == (
            404,
            "/problems/credential-unknown",
        )
    assert (await gateway.call("GET", "/connections/khong-co/credentials")).status_code == 404
