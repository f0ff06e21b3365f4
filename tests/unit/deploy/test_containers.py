"""The containers run the same hub as the table of parts: the same services, commands, settings."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.layout import ORDERS, ROOT, SERVICES, WEB, Hub, package_of, prefix_of
from deploy.local.parts import service_environment

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
BASE = DEPLOY / "kubernetes"
PROXY = {"FORWARDED_ALLOW_IPS"}
"""What the server, not the service, is told; the embedded hub says it on the command line."""
LOCAL_ONLY = ("_TRACES_FILE", "_KAFKA_INSTANCE_ID", "_ALLOWED_PRIVATE_TARGETS")
"""Settings that belong to one machine: files, a name per process, receivers on the loopback."""


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    """Everything that the base of Kubernetes makes."""
    resources = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    return [item for name in resources for item in yaml.safe_load_all((BASE / name).read_text())]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, set[str]]:
    """The names of the settings that the embedded hub gives each service."""
    hub = Hub(tmp_path, 8080)
    hub.make_folders()
    return {
        name: {key for key in service_environment(hub, name) if not key.endswith(LOCAL_ONLY)}
        for name in WEB
    }


def test_every_manifest_of_the_folder_belongs_to_the_base() -> None:
    resources = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    files = {path.name for path in BASE.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(resources) == files


@pytest.mark.parametrize("service", WEB)
def test_compose_runs_the_service_with_the_settings_of_the_table(
    service: str, settings: dict[str, set[str]]
) -> None:
    container = COMPOSE[service]
    assert container["command"] == [f"{package_of(service)}.main:app"]
    assert container["build"]["args"] == {"SERVICE": service}
    assert container["environment"].keys() - PROXY == settings[service]


@pytest.mark.parametrize("service", WEB)
def test_kubernetes_runs_the_service_with_the_settings_of_the_table(
    service: str, settings: dict[str, set[str]], manifests: list[dict[str, Any]]
) -> None:
    [deployment] = [
        item
        for item in manifests
        if item["kind"] == "Deployment" and item["metadata"]["name"] == service
    ]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [f"{package_of(service)}.main:app"]
    assert {setting["name"] for setting in container["env"]} - PROXY == settings[service]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_every_database_is_made_and_migrated_in_both(manifests: list[dict[str, Any]]) -> None:
    names = {(item["kind"], item["metadata"]["name"]) for item in manifests}
    script = (DEPLOY / "postgres" / "databases.sh").read_text()
    for service in SERVICES:
        assert f"migrate-{service}" in COMPOSE
        assert ("Job", f"migrate-{service}") in names
        assert ("Database", service) in names
        assert f" {package_of(service)}" in script


def test_the_gateway_of_both_knows_every_service(manifests: list[dict[str, Any]]) -> None:
    names = (*WEB, ORDERS)
    upstreams = {f"{prefix_of(service)}_UPSTREAM": f"{service}:8000" for service in names}
    [gateway] = [
        item["spec"]["template"]["spec"]["containers"][0]
        for item in manifests
        if item["kind"] == "Deployment" and item["metadata"]["name"] == "gateway"
    ]
    told = {setting["name"]: setting["value"] for setting in gateway["env"]}
    assert upstreams.items() <= told.items()
    assert upstreams.items() <= COMPOSE["gateway"]["environment"].items()


def test_orders_are_taken_by_the_same_program_that_does_nothing_else(
    manifests: list[dict[str, Any]],
) -> None:
    usual, orders = COMPOSE["connector-gateway"], COMPOSE[ORDERS]
    own = {"CONNECTOR_GATEWAY_ROLE": "api", "CONNECTOR_GATEWAY_REHEARSES_ORDERS": "true"}
    assert orders == {**usual, "environment": usual["environment"] | own}
    containers = {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]
        for item in manifests
        if item["kind"] == "Deployment"
    }
    usual, orders = containers["connector-gateway"], containers[ORDERS]
    added = [setting for setting in orders["env"] if setting not in usual["env"]]
    assert {setting["name"]: setting["value"] for setting in added} == own
    assert {**orders, "name": usual["name"], "env": usual["env"]} == usual


def test_the_gateway_alone_is_believed_about_the_address_of_a_caller() -> None:
    told = COMPOSE["connector-gateway"]["environment"]["FORWARDED_ALLOW_IPS"]
    assert COMPOSE["gateway"]["networks"]["default"]["ipv4_address"] == told


def test_readers_come_in_by_the_same_door_in_both(manifests: list[dict[str, Any]]) -> None:
    told = yaml.safe_load((DEPLOY / "compose.readers.yaml").read_text())["services"]["kafka"]
    component = yaml.safe_load((BASE / "readers" / "kustomization.yaml").read_text())
    [patch] = [yaml.safe_load(one["patch"]) for one in component["patches"]]
    values = {change["path"]: change["value"] for change in patch}
    listener = values["/spec/kafka/listeners/-"]
    assert told["ports"] == [f"{listener['port']}:{listener['port']}"]
    assert listener["tls"] is True
    assert listener["authentication"] == {"type": "scram-sha-512"}
    assert values["/spec/kafka/authorization"]["superUsers"] == ["ANONYMOUS"]
    [kafka] = [item for item in manifests if item["kind"] == "Kafka"]
    assert kafka["spec"]["kafka"]["listeners"][0]["name"] == "plain"
    assert "/spec/kafka/listeners/0/networkPolicyPeers" in values
    assert kafka["spec"]["entityOperator"] == {}, "a user operator would remove the readers"


def test_the_image_starts_a_service_as_the_table_does() -> None:
    [line] = [
        line
        for line in (DEPLOY / "Dockerfile").read_text().splitlines()
        if line.startswith("ENTRYPOINT")
    ]
    entry = yaml.safe_load(line.removeprefix("ENTRYPOINT"))
    assert entry[0] == "uvicorn"
    assert {"--factory", "--no-access-log", "--timeout-graceful-shutdown=3"} <= set(entry)
