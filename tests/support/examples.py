"""The example messages of ``contracts/examples``, as records that a service would meet."""

import json
from collections.abc import Iterator
from pathlib import Path

from contracts.registry import EVENTS
from tests.support.services import headers_of

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"


def example_of(type: str) -> bytes:
    """Return the value of the example message of ``type``."""
    return (EXAMPLES / f"{type}.json").read_bytes()


def every_example_of(reader: str) -> Iterator[tuple[str, bytes, dict[str, bytes]]]:
    """Yield topic, value and headers of each example that ``reader`` would meet."""
    for type, event in EVENTS.items():
        if reader not in event.topic.readers:
            continue
        value = json.loads(example_of(type))
        headers = headers_of(type)
        if "body" in value and "content_type" in value:
            continue
        yield event.topic.name, json.dumps(value).encode(), headers
