"""What setup fetches is pinned: one Kafka, every jar by its hash, every wheel by its hash."""

import tomllib

from deploy.local.layout import ROOT

JARS = tomllib.loads((ROOT / "deploy" / "kafka" / "jgo.lock.toml").read_text())["dependencies"]


def test_every_jar_has_a_hash() -> None:
    assert all(len(jar["sha256"]) == 64 for jar in JARS)


def test_broker_and_clients_are_of_one_kafka() -> None:
    # Without "!" in jgo.toml log4j's list of versions set kafka-clients 3.9.1 under a 4.3.1 broker.
    versions = {jar["version"] for jar in JARS if jar["groupId"] == "org.apache.kafka"}
    assert versions == {"4.3.1"}


def test_uv_itself_is_pinned_by_hash() -> None:
    text = (ROOT / "deploy" / "local" / "uv-requirements.txt").read_text()
    assert text.startswith("uv==")
    assert "--hash=sha256:" in text
