"""The example messages of ``contracts/examples``, as records that a service would meet."""

import json
from collections.abc import Iterator
from pathlib import Path

from contracts.headers import header_name
from contracts.registry import EVENTS
from tests.support.services import headers_of

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"


def example_of(type: str) -> bytes:
    """Return the facts of the example message of ``type``, as JSON."""
    return (EXAMPLES / f"{type}.json").read_bytes()


def every_example_of(reader: str) -> Iterator[tuple[str, bytes, dict[str, bytes]]]:
    """Yield topic, value and headers of each example that ``reader`` would meet."""
    for type, event in EVENTS.items():
        if reader not in event.topic.readers:
            continue
        value, headers = example_of(type), headers_of(type)
        if event.facts_in == "headers":
            facts: dict[str, str] = json.loads(value)
            headers |= {header_name(name): str(fact).encode() for name, fact in facts.items()}
            value = (EXAMPLES / f"{type}.body").read_bytes()
        yield event.topic.name, value, headers
