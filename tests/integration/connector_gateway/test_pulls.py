"""Configuring what a system is asked: who may, what must fit, what stays secret (Điều 3.5)."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector_gateway.commands.keys import signing_key
from connector_gateway.commands.sealing import unseal
from connector_gateway.domain.sources import PullKind
from tests.support.gateway import Gateway
from tests.support.pulled import SECRET, DropFolder, Pages, Pulled, serving, some

PATH = "/connections/qg-tthc/pull"
PAGES = Pages(port=9)
FOLDER = DropFolder(Path(), port=9)
HTTP = PAGES.configuration()["http"]
SFTP = FOLDER.configuration()["sftp"]
UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"http": None}, "/http", "missing-field"),
    ({"sftp": SFTP}, "/sftp", "unknown-field"),
    ({"credential": FOLDER.credential()}, "/credential/scheme", "invalid-value"),
    ({"credential": PAGES.credential(scheme="basic")}, "/credential/user", "missing-field"),
    ({"credential": PAGES.credential(user="an")}, "/credential/user", "unknown-field"),
    ({"credential": PAGES.credential(scheme="api-key")}, "/credential/header", "missing-field"),
    (
        {"credential": PAGES.credential(scheme="api-key", header="Host")},
        "/credential/header",
        "invalid-value",
    ),
    ({"credential": PAGES.credential(secret="a\nb")}, "/credential/secret", "invalid-value"),
    ({"http": None, "sftp": SFTP, "credential": None}, "/credential", "missing-field"),
    (
        {"http": None, "sftp": SFTP | {"host_key": "ssh-ed25519 AAAA"}},
        "/sftp/host_key",
        "invalid-value",
    ),
    ({"http": None, "sftp": SFTP | {"after": "move"}}, "/sftp/done_folder", "missing-field"),
    (
        {"http": None, "sftp": SFTP | {"after": "move", "done_folder": "/vao/"}},
        "/sftp/done_folder",
        "invalid-value",
    ),
    (
        {"http": None, "sftp": SFTP, "credential": FOLDER.credential(scheme="private-key")},
        "/credential/secret",
        "invalid-value",
    ),
    ({"every_seconds": 59}, "/every_seconds", "invalid-value"),
    ({"http": HTTP | {"url": "ftp://bo.example.vn/x"}}, "/http/url", "invalid-value"),
    ({"http": HTTP | {"la": 1}}, "/http/la", "unknown-field"),
]


@pytest.fixture
async def pages(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Pulled]:
    """Give a connection whose system could be asked over HTTP and is not yet."""
    async with serving(PullKind.HTTP, tmp_path) as system:
        pulled = Pulled(gateway, system)
        pulled.permit()
        await gateway.open(pulled.code)
        yield pulled


async def test_what_does_not_fit_is_refused_with_its_place(gateway: Gateway) -> None:
    await gateway.open("qg-tthc")
    gateway.settings.allowed_private_targets = "127.0.0.1:9"
    good = {"every_seconds": 600, "http": HTTP, "credential": PAGES.credential()}
    for change, pointer, slug in UNFIT:
        body = good | change
        if "sftp" in change and "credential" not in change:
            body["credential"] = FOLDER.credential()
        answer = await gateway.call("PUT", PATH, body)
        assert answer.status_code == 422, (change, answer.text)
        places = {one["pointer"]: one for one in answer.json()["errors"]}
        assert places[pointer]["type"] == f"/problems/{slug}", (change, answer.text)
        assert " " in places[pointer]["detail"]
    assert gateway.rows("SELECT * FROM pulls") == []


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ({"http": HTTP | {"url": "https://10.0.0.7/bao-cao"}}, "https://10.0.0.7/bao-cao"),
        ({"http": HTTP | {"url": "http://bo.example.vn/x"}}, "http://bo.example.vn/x"),
        ({"sftp": SFTP | {"host": "192.168.1.5", "port": 22}}, "192.168.1.5:22"),
        ({"sftp": SFTP | {"host": "may.local", "port": 22}}, "may.local:22"),
    ],
)
async def test_a_private_source_is_refused_unless_it_is_permitted_by_name(
    gateway: Gateway, source: dict[str, Any], address: str
) -> None:
    await gateway.open("qg-tthc")
    credential = PAGES.credential() if "http" in source else FOLDER.credential()
    body = {"every_seconds": 600, "credential": credential, **source}
    answer = await gateway.call("PUT", PATH, body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/target-not-allowed")
    assert address in answer.json()["detail"]


async def test_a_connection_that_takes_nothing_in_is_not_asked(
    gateway: Gateway, pages: Pulled
) -> None:
    webhook = {"url": "https://nhan.example.vn/hook", "events": []}
    webhook["events"] = ["submissions.consolidation.forwarded.v1"]
    await gateway.open("gui-ra", directions=["outbound"], webhook=webhook)
    pages.code = "gui-ra"
    answer = await pages.configure()
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/direction-not-offered")
    for method, path in (("GET", ""), ("POST", "/test"), ("POST", "/run")):
        missing = await gateway.call(method, f"/connections/gui-ra/pull{path}")
        assert (missing.status_code, missing.json()["type"]) == (404, "/problems/pull-unknown")


async def test_a_change_names_what_was_read(gateway: Gateway, pages: Pulled) -> None:
    assert (await pages.configure(tag='"1"')).status_code == 412
    first = await pages.configure()
    assert first.status_code == 200
    assert (await pages.configure()).json()["type"] == "/problems/etag-required"
    await pages.change(every_seconds=900)
    stale = await pages.configure(tag=first.headers["etag"], every_seconds=60)
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-etag")
    assert (await pages.view())["every_seconds"] == 900
    by = gateway.operator
    assert (await gateway.call("DELETE", PATH, by=by)).status_code == 428
    by["If-Match"] = await pages.tag()
    assert (await gateway.call("DELETE", PATH, by=by)).status_code == 204
    assert (await gateway.call("GET", PATH)).status_code == 404


async def test_the_ledger_names_who_had_what_asked(gateway: Gateway, pages: Pulled) -> None:
    await pages.configure()
    by = {**gateway.operator, "If-Match": await pages.tag()}
    await gateway.call("DELETE", PATH, by=by)
    rows = gateway.rows("SELECT entry FROM ledger_entries WHERE chain = 'qg-tthc' ORDER BY index")
    configured, removed = (json.loads(entry) for (entry,) in rows[-2:])
    assert (configured["kind"], removed["kind"]) == ("pull-configured", "pull-removed")
    assert configured["source"] == f"http://127.0.0.1:{pages.system.port}"
    assert (configured["credential"], bool(configured["by"])) == ("given", True)
    assert SECRET not in str(rows)


async def test_a_credential_is_sealed_and_never_shown(gateway: Gateway, pages: Pulled) -> None:
    answer = await pages.configure()
    assert answer.json()["has_credential"] is True
    assert SECRET not in answer.text + str(await pages.view())
    [(sealed, connection)] = gateway.rows("SELECT sealed, connection_id FROM pulls")
    assert SECRET not in sealed
    key = signing_key(gateway.settings.signing_key_file)
    assert unseal(key, sealed, connection)["secret"] == SECRET
    assert SECRET not in str(gateway.rows("SELECT p::text FROM pulls AS p"))


async def test_a_credential_of_another_connection_or_key_does_not_open(
    gateway: Gateway, pages: Pulled
) -> None:
    await pages.configure()
    gateway.execute("UPDATE pulls SET sealed = overlay(sealed placing 'AAAA' from 20)")
    await pages.turn()
    error = (await pages.view())["last_error"]
    assert error["type"] == "/problems/pull-credential-lost"
    assert "niêm phong" in error["detail"]


async def test_a_credential_goes_on_to_the_same_server_and_to_no_other(
    gateway: Gateway, pages: Pulled
) -> None:
    await pages.configure()
    by = {**gateway.operator, "If-Match": await pages.tag()}
    same = pages.system.configuration()
    kept = await gateway.call("PUT", PATH, {**same, "every_seconds": 700}, by=by)
    assert kept.json()["has_credential"] is True
    by["If-Match"] = kept.headers["etag"]
    other = {"every_seconds": 600, "http": {"url": "https://khac.example.vn/trang/1"}}
    moved = await gateway.call("PUT", PATH, other, by=by)
    assert (moved.status_code, moved.json()["has_credential"]) == (200, False)


async def test_another_address_begins_anew_and_another_schedule_does_not(
    gateway: Gateway, pages: Pulled
) -> None:
    for name, body in some(2).items():
        pages.system.offer(name, body)
    await pages.configure()
    await pages.turn()
    await pages.change(every_seconds=3600)
    assert len((await pages.view())["checkpoint"]) == 2
    await pages.change(
        **pages.system.configuration(url=pages.system.configuration()["http"]["url"] + "?a=1")
    )
    assert (await pages.view())["checkpoint"] == []


async def test_the_next_turn_comes_when_it_is_asked_for(gateway: Gateway, pages: Pulled) -> None:
    await pages.configure()
    await pages.turn()
    before = (await pages.view())["next_at"]
    answer = await gateway.call("POST", f"{PATH}/run")
    assert answer.status_code == 202
    assert answer.json()["next_at"] < before
