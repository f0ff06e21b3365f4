"""All ports of a hub follow from one, and no two parts share one."""

from pathlib import Path

import pytest

from deploy.local.layout import PORTS, SERVICES, Hub, hub_from_environment, package_of, prefix_of

HUB = Hub(Path("/nhà"), 8080)


def test_every_part_has_a_port_of_its_own_beside_the_gateway_s() -> None:
    ports = [HUB.port_of(part) for part in PORTS]
    assert ports == list(range(8080, 8080 + len(PORTS)))


def test_two_hubs_side_by_side_do_not_meet() -> None:
    other = Hub(Path("/khác"), 8100)
    assert {HUB.port_of(part) for part in PORTS}.isdisjoint(other.port_of(part) for part in PORTS)


def test_home_and_port_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "nhà"))
    monkeypatch.setenv("HUB_PORT", "9000")
    assert hub_from_environment() == Hub(tmp_path / "nhà", 9000)


def test_a_hub_without_settings_stands_in_the_project_at_8080(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HUB_HOME", raising=False)
    monkeypatch.delenv("HUB_PORT", raising=False)
    hub = hub_from_environment()
    assert (hub.home.name, hub.origin) == (".hub", "http://localhost:8080")


def test_names_of_a_service_follow_from_its_name() -> None:
    assert package_of("connector-gateway") == "connector_gateway"
    assert prefix_of("connector-gateway") == "CONNECTOR_GATEWAY"
    assert all("_" not in service for service in SERVICES)


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "home", 8080)
    hub.make_folders()
    modes = {folder.name: folder.stat().st_mode & 0o777 for folder in hub.home.iterdir()}
    assert modes == {
        "secrets": 0o700,
        "logs": 0o700,
        "run": 0o700,
        "traces": 0o700,
        "declarations": 0o700,
        "data": 0o711,  # PostgreSQL's own account walks through to its folder
    }
