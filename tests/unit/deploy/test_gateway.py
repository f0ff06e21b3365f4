"""The gateway's file is valid, knows every service, and speaks Vietnamese when one is down."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.layout import ORDERS, ROOT, WEB, Hub, prefix_of
from deploy.local.parts import parts_of

GATEWAY = ROOT / "deploy" / "gateway"
PAGES = GATEWAY / "pages"


@pytest.fixture
def adapted(tmp_path: Path) -> dict[str, Any]:
    """The gateway's file as Caddy understands it, with the environment of a hub."""
    hub = Hub(tmp_path / "Thư mục có dấu", 8080)
    hub.make_folders()
    [part] = [part for part in parts_of(hub) if part.name == "gateway"]
    caddy = Path(sys.executable).parent / "caddy"
    answer = subprocess.run(
        [caddy, "adapt", "--config", "Caddyfile", "--validate"],
        cwd=GATEWAY,
        env={**os.environ, **part.env},
        capture_output=True,
        check=True,
    )
    config: dict[str, Any] = json.loads(answer.stdout)
    return config


def test_the_gateway_listens_on_the_loopback_only(adapted: dict[str, Any]) -> None:
    [server] = adapted["apps"]["http"]["servers"].values()
    assert server["listen"][0] == "127.0.0.1:8080"
    assert adapted["admin"]["listen"] == "127.0.0.1:8091"


def test_the_gateway_believes_nobody_about_the_address_of_a_caller(
    adapted: dict[str, Any],
) -> None:
    """What a caller says in ``X-Forwarded-For`` is replaced by the address it comes from."""
    assert "trusted_proxies" not in json.dumps(adapted)


def test_every_service_is_reached_through_the_gateway(adapted: dict[str, Any]) -> None:
    dialled = set(re.findall(r'"dial": ?"127\.0\.0\.1:(\d+)"', json.dumps(adapted)))
    hub = Hub(Path(), 8080)
    assert dialled == {str(hub.port_of(service)) for service in (*WEB, ORDERS)}


def test_pushes_of_one_connection_go_to_one_process_as_long_as_it_answers(
    adapted: dict[str, Any],
) -> None:
    [route] = [
        route
        for route in routes_in(adapted)
        if route["handle"][0].get("load_balancing", {}).get("selection_policy")
    ]
    [proxy] = route["handle"]
    assert proxy["load_balancing"]["selection_policy"] == {"policy": "uri_hash"}
    assert proxy["health_checks"]["passive"]["fail_duration"] == 1_000_000_000
    assert route["match"] == [
        {"method": ["POST"], "path": ["/api/connector-gateway/v1/connections/*/deliveries"]}
    ]


def routes_in(tree: Any) -> Iterator[dict[str, Any]]:
    """Return every route of a configuration, however deep it stands."""
    if isinstance(tree, dict):
        if "handle" in tree:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from routes_in(branch)


def test_the_upstreams_of_the_file_are_those_of_the_table() -> None:
    named = set(re.findall(r"\{\$(\w+)_UPSTREAM\}", (GATEWAY / "Caddyfile").read_text()))
    assert named == {prefix_of(service) for service in (*WEB, ORDERS)}


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.json")), ids=lambda path: path.stem)
def test_a_refusal_of_the_gateway_is_a_problem_with_a_page_beside_it(path: Path) -> None:
    problem = json.loads(path.read_text())
    assert problem["status"] == int(path.stem)
    assert problem["type"].startswith("/problems/")
    assert problem["title"] in path.with_suffix(".html").read_text()
