"""YAML as far as a generated document needs it; every word that could be misread is quoted."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

PLAIN = re.compile(r"[A-Za-z][\w ./()'’–-]*(?<! )|\d+\.\d+\.\d+")
MISREAD = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
"""Words that some reader of YAML takes for something else than text."""


def dump(document: object) -> str:
    """Return ``document`` (what JSON can hold) as block-style YAML.

    >>> dump({"topic": "a.b.v1", "readers": [1, "no"]})
    'topic: a.b.v1\\nreaders:\\n- 1\\n- "no"\\n'
    """
    return "\n".join(_lines(document)) + "\n"


def _lines(value: object) -> Iterator[str]:
    match value:
        case Mapping() if value:
            for name, inner in value.items():
                yield from _entry(f"{_text(str(name))}:", inner)
        case list() if value:
            for inner in value:
                yield from _item(inner)
        case _:
            yield _scalar(value)


def _entry(head: str, value: object) -> Iterator[str]:
    """Yield a named value; lists stand at the column of their name, all else two further in."""
    if isinstance(value, str) and "\n" in value:
        yield f"{head} |-"
        yield from (f"  {line}" if line else "" for line in value.split("\n"))
    elif isinstance(value, Mapping | Sequence) and value and not isinstance(value, str):
        yield head
        pad = "" if isinstance(value, list) else "  "
        yield from (f"{pad}{line}" if line else "" for line in _lines(value))
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: object) -> Iterator[str]:
    first, *rest = _lines(value)
    yield f"- {first}"
    yield from (f"  {line}" if line else "" for line in rest)


def _scalar(value: object) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    is_plain = PLAIN.fullmatch(value) and value.lower() not in MISREAD
    return value if is_plain else json.dumps(value, ensure_ascii=False)
