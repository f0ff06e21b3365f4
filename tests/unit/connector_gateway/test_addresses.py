"""Where the hub connects to: the address that was checked, and nothing private (SSRF guard)."""

import socket
from typing import Any

import httpx
import pytest

from connector_gateway.connectors.addresses import checked_address
from connector_gateway.connectors.http import Asking, PageMark
from connector_gateway.domain.targets import Target
from connector_gateway.errors.connections import TargetNotAllowed

PUBLIC = "93.184.215.14"
TARGET = Target.parse("https://bo.example.vn/trang/1", frozenset())


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name resolve to ``addresses``."""

    def answer(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@pytest.mark.parametrize("private", ["10.0.0.7", "127.0.0.1", "169.254.169.254", "::1"])
async def test_a_name_with_one_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, private: str
) -> None:
    resolving(monkeypatch, PUBLIC, private)
    with pytest.raises(TargetNotAllowed):
        await checked_address(TARGET)


async def test_a_public_name_is_called_by_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, PUBLIC)
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(204, stream=httpx.ByteStream(b""))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        asking = Asking(client, TARGET, await checked_address(TARGET), None)
        await asking.page(TARGET.url, PageMark(), goes_on=False)
    [request] = called
    assert (request.url.host, request.headers["host"]) == (PUBLIC, "bo.example.vn")
    assert request.extensions["sni_hostname"] == "bo.example.vn"


@pytest.mark.parametrize(
    ("url", "is_reached"),
    [
        ("https://bo.example.vn/trang/2", True),
        ("https://bo.example.vn:8443/trang/2", False),
        ("https://an@bo.example.vn/trang/2", False),
        ("https://khac.example.vn/trang/2", False),
        ("http://bo.example.vn/trang/2", False),
    ],
)
async def test_a_next_page_lies_with_the_same_server(url: str, is_reached: bool) -> None:
    async with httpx.AsyncClient() as client:
        assert Asking(client, TARGET, PUBLIC, None).reaches(url) is is_reached


@pytest.mark.parametrize("host", ["10.0.0.7", "localhost", "may.internal", "::1"])
def test_a_private_server_is_called_only_with_permission(host: str) -> None:
    with pytest.raises(TargetNotAllowed):
        Target.of_server(host, 22, frozenset({f"{host}:2222"}))
    assert Target.of_server(host, 22, frozenset({f"{host}:22"})).is_private_by_permission
