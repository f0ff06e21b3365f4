"""Sending a webhook where it may not go: every way around the SSRF guard is closed."""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import OKPKey

from chassis.identifiers import new_id
from connector_gateway.commands.dispatches import Parcel
from connector_gateway.commands.keys import signing_key
from connector_gateway.connectors.webhook import Webhooks, place_of
from connector_gateway.domain.dispatches import Answer
from tests.support.partner import receiving

PUBLIC, ANOTHER, LOOPBACK = "1.1.1.1", "9.9.9.9", "127.0.0.1"
NOON = datetime(2026, 6, 15, 5, tzinfo=UTC)
NAME = "https://nhan.example.vn/hook"


class Network:
    """A name server that answers in turn, and a wire that only remembers who was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.called: list[str] = []
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", self._resolve)
        monkeypatch.setattr(loop, "create_connection", self._connect)

    async def _resolve(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (families[":" in address], socket.SOCK_STREAM, 6, "", (address, port))
            for address in self.answers.pop(0)
        ]

    async def _connect(self, _: Callable[..., Any], host: str, *__: Any, **___: Any) -> Any:
        self.called.append(host)
        raise ConnectionRefusedError


async def send(folder: Path, url: str, *, permitted: frozenset[str] = frozenset()) -> Answer:
    """Send one webhook."""
    key_file = folder / "signing.pem"
    key_file.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    webhooks = Webhooks(signing_key(key_file), permitted=permitted, timeout=5)
    parcel = Parcel(
        dispatch=new_id(),
        connection="ubnd-tinh",
        number=1,
        epoch=1,
        url=url,
        webhook_id="msg_1",
        payload=b"{}",
        traceparent=None,
    )
    try:
        return await webhooks.send(parcel, now=NOON)
    finally:
        webhooks.close()


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param([LOOPBACK], id="loopback"),
        pytest.param(["10.1.2.3"], id="private 10"),
        pytest.param(["172.16.9.9"], id="private 172.16"),
        pytest.param(["192.168.1.1"], id="private 192.168"),
        pytest.param(["169.254.169.254"], id="link-local, where clouds keep secrets"),
        pytest.param(["100.64.0.1"], id="carrier-grade NAT"),
        pytest.param(["0.0.0.0"], id="this host"),  # noqa: S104 nothing is bound
        pytest.param(["224.0.0.1"], id="multicast"),
        pytest.param(["::1"], id="IPv6 loopback"),
        pytest.param(["fe80::1"], id="IPv6 link-local"),
        pytest.param(["fd00::1"], id="IPv6 private"),
        pytest.param(["::ffff:127.0.0.1"], id="IPv4-mapped loopback"),
        pytest.param(["::ffff:10.0.0.1"], id="IPv4-mapped private"),
        pytest.param(["64:ff9b::7f00:1"], id="loopback behind NAT64"),
        pytest.param(["2002:0a00:0001::1"], id="private behind 6to4"),
        pytest.param([PUBLIC, LOOPBACK], id="public first, loopback second"),
    ],
)
async def test_a_name_that_leads_inside_is_not_called(
    addresses: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network(monkeypatch, addresses)
    answer = await send(tmp_path, NAME)
    assert answer.problem == "target-not-allowed"
    assert (network.asked, network.called) == (["nhan.example.vn"], [])


async def test_the_address_that_was_checked_is_called_though_dns_changes_its_mind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network(monkeypatch, [PUBLIC], [LOOPBACK], [LOOPBACK])
    answer = await send(tmp_path, NAME)
    assert answer.problem == "ConnectError"
    assert (network.asked, network.called) == (["nhan.example.vn"], [PUBLIC])


@pytest.mark.parametrize(
    "url", ["https://0177.0.0.1/", "https://127.1/", "https://127.0x1/", "https://a..vn/"]
)
async def test_an_address_written_oddly_is_not_called(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network(monkeypatch, [LOOPBACK])
    assert (await send(tmp_path, url)).problem == "target-not-allowed"
    assert network.called == []


def test_names_at_one_address_share_no_connection() -> None:
    one = place_of(httpx.URL("https://mot.example.vn/hook"), PUBLIC, 443)
    assert place_of(httpx.URL("https://mot.example.vn/khac"), PUBLIC, 443) == one
    other = place_of(httpx.URL("https://hai.example.vn/hook"), PUBLIC, 443)
    assert (other.origin, other.name) != (one.origin, one.name)


async def test_a_redirect_inside_is_an_answer_and_is_not_followed(tmp_path: Path) -> None:
    async with receiving() as receiver, receiving() as inside:
        receiver.answers = [f"307|Location: {inside.url}"]
        answer = await send(tmp_path, receiver.url, permitted=frozenset({receiver.target}))
        assert (answer.status, answer.problem) == (307, "status-307")
        assert answer.headers["location"] == inside.url
        assert inside.received == []


async def test_what_the_log_keeps_has_no_signature(tmp_path: Path) -> None:
    async with receiving() as receiver:
        answer = await send(tmp_path, receiver.url, permitted=frozenset({receiver.target}))
        (came,) = receiver.received
    assert came.headers["webhook-signature"]
    assert answer.request_headers.keys() == {
        *("content-type", "host", "user-agent", "webhook-id", "webhook-timestamp"),
    }
    assert answer.kid
