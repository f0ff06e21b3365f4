"""Writes what the words look like from outside: JSON schemas and an AsyncAPI 3 document.

``python -m contracts.render`` writes ``schemas/`` and ``asyncapi.yaml`` from the registry and
``examples/``; ``python -m contracts.render release 1.1`` also keeps schemas and examples as a
released version, to which every later change is held.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from contracts.asyncapi import document
from contracts.event import Event
from contracts.registry import EVENTS
from contracts.yaml import dump

FOLDER = Path(__file__).parents[2]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def rendered() -> dict[str, str]:
    """Return every generated file by its path below ``contracts/``."""
    files = {"asyncapi.yaml": dump(document())}
    for type, event in EVENTS.items():
        files[f"schemas/writer/{type}.json"] = _json(writer_schema(event))
        files[f"schemas/reader/{type}.json"] = _json(reader_schema(event))
    return files


def writer_schema(event: type[Event]) -> dict[str, Any]:
    """Return exactly what the producer may say: closed, every field present."""
    closed: dict[str, Any] = _closed(event.model_json_schema(mode="serialization"))
    return _marked(event, closed)


def reader_schema(event: type[Event]) -> dict[str, Any]:
    """Return what readers must take: open, fields with a default may be absent."""
    return _marked(event, event.model_json_schema(mode="validation"))


def _marked(event: type[Event], schema: dict[str, Any]) -> dict[str, Any]:
    marks = {"x-topic": event.topic.name, "x-key": event.key, "x-facts-in": event.facts_in}
    return {"$schema": DIALECT, **marks, **schema}


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def main(*arguments: str) -> None:
    """Write the generated files; ``release <version>`` keeps them as a released version too."""
    shutil.rmtree(FOLDER / "schemas", ignore_errors=True)
    for path, text in rendered().items():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(text, encoding="utf-8")
    match arguments:
        case ("release", version):
            for part in ("schemas", "examples"):
                kept = FOLDER / "released" / version / part
                shutil.copytree(FOLDER / part, kept, dirs_exist_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
