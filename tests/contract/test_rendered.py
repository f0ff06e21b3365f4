"""What stands in schemas/ and asyncapi.yaml is what the registry says now (`make contracts`)."""

import subprocess
import sys
from subprocess import PIPE

import yaml
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema

from contracts.asyncapi import document
from contracts.connector_gateway.v1 import DeliveryReceived
from contracts.render import FOLDER, rendered
from contracts.topics import TOPICS


def test_generated_files_are_fresh() -> None:
    stale = [
        path
        for path, text in rendered().items()
        if not (FOLDER / path).exists() or (FOLDER / path).read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `make contracts`"


def test_the_document_does_not_depend_on_what_was_loaded_first() -> None:
    code = "import contracts.{}.v1; from contracts.render import rendered; print(rendered())"
    first, second = (
        subprocess.run([sys.executable, "-c", code.format(name)], stdout=PIPE, check=True).stdout
        for name in ("submissions", "notifications")
    )
    assert first == second


def test_no_schema_is_left_over_from_a_message_that_is_gone() -> None:
    kept = {str(path.relative_to(FOLDER)) for path in (FOLDER / "schemas").rglob("*.json")}
    assert kept == rendered().keys() - {"asyncapi.yaml"}


def test_the_document_has_the_shape_of_asyncapi_3() -> None:
    document_on_disk = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert document_on_disk == document()
    ApplicationSchema.model_validate(document_on_disk)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    whole = document()
    for reference in references(whole):
        found = whole
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def references(part: object) -> list[str]:
    """Return every ``$ref`` below ``part``."""
    if isinstance(part, list):
        return [found for inner in part for found in references(inner)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if "$ref" in part else []
    return own + [found for inner in part.values() for found in references(inner)]


def test_every_topic_is_a_channel_with_its_owner_and_readers_as_operations() -> None:
    whole = document()
    for topic in TOPICS:
        users = {
            name
            for name, operation in whole["operations"].items()
            if operation["channel"]["$ref"] == f"#/channels/{topic.name}"
        }
        expected = {f"{service}.sends.{topic.name}" for service in topic.senders}
        expected |= {f"{service}.receives.{topic.name}" for service in topic.readers}
        assert users == expected


def test_the_document_says_which_topics_a_reader_from_outside_finds() -> None:
    found = {
        name
        for name, channel in document()["channels"].items()
        if {"$ref": "#/servers/readers"} in channel["servers"]
    }
    assert found == {topic.name for topic in TOPICS if topic.is_open}


def test_a_delivery_is_described_as_bytes_whose_facts_ride_in_headers() -> None:
    message = document()["components"]["messages"][DeliveryReceived.type]
    _, own = message["headers"]["allOf"]
    assert message["payload"]["format"] == "binary"
    assert "contentType" not in message
    assert {"ce_receiptid", "ce_connection", "ce_grant"} <= own["properties"].keys()
    assert DeliveryReceived.__name__ not in document()["components"]["schemas"]
