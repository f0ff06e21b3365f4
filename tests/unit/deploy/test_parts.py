"""The table of parts: complete, in order, and stopped in time."""

from pathlib import Path

import pytest

from deploy.local.layout import ORDERS, SERVICES, WEB, Hub
from deploy.local.parts import Part, parts_of

TOTAL_GRACE = 10.0


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Part]:
    """The parts of a hub that never starts."""
    hub = Hub(tmp_path, 8080)
    hub.make_folders()
    return {part.name: part for part in parts_of(hub)}


def test_every_service_and_the_portal_run(parts: dict[str, Part]) -> None:
    assert set(WEB) == {*SERVICES, "portal"}
    assert set(WEB) < parts.keys()


def test_what_a_part_needs_stands_before_it_in_the_table(parts: dict[str, Part]) -> None:
    seen: set[str] = set()
    for part in parts.values():
        assert set(part.needs) <= seen, part.name
        seen.add(part.name)


def test_a_part_that_stays_says_when_it_is_ready(parts: dict[str, Part]) -> None:
    assert [part.name for part in parts.values() if part.once] == ["prepare"]
    assert all(part.ready for part in parts.values() if not part.once)


def test_the_slowest_orderly_stop_takes_less_than_ten_seconds(parts: dict[str, Part]) -> None:
    until_stopped: dict[str, float] = {}
    for part in reversed(parts.values()):
        above = (until_stopped[other.name] for other in parts.values() if part.name in other.needs)
        until_stopped[part.name] = part.grace + max(above, default=0.0)
    assert max(until_stopped.values()) < TOTAL_GRACE


def test_a_service_knows_its_own_database_and_no_other_s(parts: dict[str, Part]) -> None:
    for service in SERVICES:
        urls = [value for value in parts[service].env.values() if value.startswith("postgresql:")]
        assert len(urls) == 1
        assert urls[0].endswith(f"/{service.replace('-', '_')}")


def test_several_processes_share_the_work_of_one_service(tmp_path: Path) -> None:
    hub = Hub(tmp_path, 8080, replicas=3)
    hub.make_folders()
    parts = {part.name: part for part in parts_of(hub)}
    names = ["connector-gateway", "connector-gateway-2", "connector-gateway-3"]
    ports = [parts[name].port for name in names]
    assert len({port for _, port in hub.ports}) == len(hub.ports) >= len(set(ports)) == 3
    assert {parts[name].env["CONNECTOR_GATEWAY_KAFKA_INSTANCE_ID"] for name in names} == {
        f"connector-gateway-{number}" for number in (1, 2, 3)
    }
    upstreams = parts["gateway"].env["CONNECTOR_GATEWAY_UPSTREAM"]
    assert upstreams == " ".join(f"127.0.0.1:{port}" for port in ports)
    assert set(names) < set(parts["gateway"].needs)


def test_orders_have_a_process_that_does_nothing_else(parts: dict[str, Part]) -> None:
    orders, usual = parts[ORDERS], parts["connector-gateway"]
    assert orders.env["CONNECTOR_GATEWAY_ROLE"] == "api"
    assert orders.port != usual.port
    assert parts["gateway"].env["CONNECTOR_GATEWAY_ORDERS_UPSTREAM"] == f"127.0.0.1:{orders.port}"
    assert ORDERS in parts["gateway"].needs


def test_who_works_behind_the_broker_yields_to_the_doors(parts: dict[str, Part]) -> None:
    doors = {parts[name].niceness for name in ("connector-gateway", ORDERS, "accounts", "gateway")}
    assert doors == {0}
    assert parts["submissions"].niceness > parts["notifications"].niceness > 0


def test_secrets_are_in_no_command_line(parts: dict[str, Part], tmp_path: Path) -> None:
    secrets = [file.read_text() for file in (tmp_path / "secrets").glob("*.password")]
    words = " ".join(word for part in parts.values() for word in part.command)
    assert secrets
    assert not any(secret in words for secret in secrets)
