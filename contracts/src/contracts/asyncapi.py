"""The AsyncAPI 3.0 document of the hub: topics, who sends and receives on them, messages."""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from contracts.event import Event
from contracts.headers import REQUIRED, SPEC_VERSION, header_name
from contracts.registry import EVENTS
from contracts.topics import ALL, TOPICS, Service, Topic

EXAMPLES = Path(__file__).parents[2] / "examples"
CLOUD_EVENT = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode: what a message is stands in its headers.",
    "required": [*REQUIRED, "content-type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": SPEC_VERSION},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "A reader takes a message of an id once.",
        },
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string", "description": "The service that says it: /submissions."},
        "ce_time": {
            "type": "string",
            "format": "date-time",
            "description": "When it became true: the moment of the producer's transaction.",
        },
        "ce_subject": {"type": "string", "description": "The Kafka key again."},
        "ce_sequence": {
            "type": "string",
            "description": "Decimal; grows with every message of the producer.",
        },
        "content-type": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
    },
}
SERVERS: dict[str, Any] = {
    "services": {
        "host": "kafka:9092",
        "pathname": "",
        "protocol": "kafka",
        "description": "For the services of the hub alone; no network outside leads to it.",
    },
    "readers": {
        "host": "{host}:9094",
        "pathname": "",
        "protocol": "kafka-secure",
        "description": (
            "For systems of the province that read the open topics; whoever has a connection is "
            "told by webhooks instead. A consumer group begins with the name of the user."
        ),
        "variables": {"host": {"description": "As the operator says."}},
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
    },
}


def document() -> dict[str, Any]:
    """Return the document, made from the registry of topics and messages."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Provincial reporting hub",
            "version": "1.0.0",
            "description": (
                "What the services of the hub say to each other on Kafka. Values are JSON facts "
                "in UTF-8; everything else rides in headers. Unknown types and unknown fields "
                "are passed over, so that a field may be added."
            ),
        },
        "defaultContentType": "application/json",
        "servers": SERVERS,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {type: _message(event) for type, event in EVENTS.items()},
            "schemas": {"CloudEvent": CLOUD_EVENT, **_schemas()},
            "securitySchemes": {
                "scram": {
                    "type": "scramSha512",
                    "description": "User and password are granted by the operator, to read only.",
                }
            },
        },
    }


def events_on(topic: Topic) -> list[type[Event]]:
    """Return the messages that travel on ``topic``."""
    return [event for event in EVENTS.values() if event.topic == topic]


def _channel(topic: Topic) -> dict[str, Any]:
    said = events_on(topic)
    what = "what it said" if said else "what it had to refuse, with reason and origin in headers"
    return {
        "address": topic.name,
        "description": f"Owned by {topic.owner}; holds {what}. Key: {topic.key}.",
        "servers": [
            {"$ref": f"#/servers/{server}"}
            for server in (["services", "readers"] if topic.is_open else ["services"])
        ],
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in said},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations() -> dict[str, Any]:
    operations = {}
    for service in ALL:
        for topic in TOPICS:
            if service in topic.senders:
                operations[f"{service}.sends.{topic.name}"] = _operation("send", service, topic)
            if service in topic.readers:
                operations[f"{service}.receives.{topic.name}"] = _operation(
                    "receive", service, topic
                )
    return operations


def _operation(action: str, service: Service, topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{topic.name}"
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": channel},
        "tags": [{"name": service}],
    }
    said = events_on(topic)
    if said:
        operation["messages"] = [{"$ref": f"{channel}/messages/{event.type}"} for event in said]
    return operation


def _message(event: type[Event]) -> dict[str, Any]:
    doc = (event.__doc__ or "").strip()
    example = json.loads((EXAMPLES / f"{event.type}.json").read_text(encoding="utf-8"))
    is_bytes = event.facts_in == "headers"
    message: dict[str, Any] = {
        "name": event.type,
        "title": event.__name__,
        "summary": doc.split("\n", maxsplit=1)[0],
        "headers": _headers(event),
    }
    if is_bytes:
        message["description"] = "\n".join(line.strip() for line in doc.split("\n")[2:])
        message["payload"] = {
            "type": "string",
            "format": "binary",
            "description": (
                "The bytes as they came; ce_contenttype and ce_contentencoding say what they are."
            ),
        }
        headers = {header_name(name): value for name, value in example.items()}
        message["examples"] = [{"headers": {"ce_type": event.type, **headers}}]
    else:
        message["contentType"] = "application/json"
        message["payload"] = {"$ref": f"#/components/schemas/{event.__name__}"}
        message["examples"] = [{"headers": {"ce_type": event.type}, "payload": example}]
    message["bindings"] = {
        "kafka": {
            "key": {"type": "string", "description": f"{event.key}: {event.topic.key}."},
            "bindingVersion": "0.5.0",
        }
    }
    return message


def _headers(event: type[Event]) -> dict[str, Any]:
    own: dict[str, Any] = {"ce_type": {"type": "string", "const": event.type}}
    required = []
    if event.facts_in == "headers":
        facts = event.model_json_schema(mode="serialization")
        own |= {header_name(name): schema for name, schema in facts["properties"].items()}
        required = [header_name(name) for name in facts["required"]]
    return {
        "allOf": [
            {"$ref": "#/components/schemas/CloudEvent"},
            {"type": "object", "required": ["ce_type", *required], "properties": own},
        ]
    }


def _schemas() -> dict[str, Any]:
    facts = [event for event in EVENTS.values() if event.facts_in == "value"]
    _, schemas = models_json_schema(
        [(event, "serialization") for event in facts],
        ref_template="#/components/schemas/{model}",
    )
    definitions: dict[str, Any] = schemas["$defs"]
    return definitions
