"""The JSON form of a delivery: read once, numbers exactly as they were written."""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from submissions.domain.deliveries.dense_form import members_of, read_dense
from submissions.domain.deliveries.shapes import (
    DEEPEST,
    MOST_FIGURES,
    BodyTooLarge,
    Delivery,
    Figure,
    Matrix,
    Number,
    OnError,
    Part,
    UnreadableBody,
    gather,
)
from submissions.domain.deliveries.values import MOST_DIGITS

PATH = re.compile(r"\$(?P<path>\S*)`")


class Sheet(msgspec.Struct, forbid_unknown_fields=True):
    """Figures of one agency as rows × columns."""

    agency: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: list[list[Any]]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One figure of the list form."""

    agency: str
    row: str
    column: str
    value: Any


class Pushed(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a push (public interface §3)."""

    regime: str
    period: str
    submit: bool = False
    on_error: Literal["skip", "refuse"] = "skip"
    reports: list[Sheet] | None = None
    figures: list[Entry] | None = None


DECODER = msgspec.json.Decoder(Pushed, float_hook=Number)


def read_json(body: bytes) -> Delivery:
    """Read the JSON form; raises ``UnreadableBody`` with the place where one is known."""
    return read_dense(body) or read_closely(body)


def read_closely(body: bytes) -> Delivery:
    """Read any JSON form value by value, and say where it is wrong."""
    pushed = _decode(body)
    if (pushed.reports is None) == (pushed.figures is None):
        raise UnreadableBody("reports-or-figures")
    if body.count(b":") != members_of(body, len(pushed.reports or pushed.figures or ())):
        refuse_repeated_keys(body)
    if pushed.reports is not None:
        parts = _matrices(pushed.reports)
    else:
        parts = _lists(pushed.figures or [])
    on_error = OnError(pushed.on_error)
    return Delivery.of(pushed.regime, pushed.period, parts, submit=pushed.submit, on_error=on_error)


def _decode(body: bytes) -> Pushed:
    try:
        return DECODER.decode(body)
    except UnicodeDecodeError as why:
        raise UnreadableBody("invalid-text") from why
    except RecursionError as why:
        raise BodyTooLarge(f"{DEEPEST}") from why
    except msgspec.DecodeError:
        return _explain(body)


def _explain(body: bytes) -> Pushed:
    """Read a body once more, slowly, to say where it is wrong.

    Half of a character (``\\ud83d`` alone) is read here, so that the check can name its cell.
    """
    try:
        loose = json.loads(body, parse_float=Number, parse_int=_whole)
        return msgspec.convert(loose, Pushed)
    except RecursionError as why:
        raise BodyTooLarge(f"{DEEPEST}") from why
    except msgspec.ValidationError as why:
        found = PATH.search(str(why))
        pointer = re.sub(r"[.\[]", "/", found["path"].replace("]", "")) if found else ""
        raise UnreadableBody("invalid-body", pointer) from why
    except ValueError as why:
        raise UnreadableBody("invalid-json") from why


def _whole(text: str) -> int | Number:
    return int(text) if len(text) <= MOST_DIGITS else Number(text)


def refuse_repeated_keys(body: bytes) -> None:
    """Raise ``UnreadableBody`` naming a key that one JSON object says twice (RFC 8259 §4).

    What such a body means depends on who reads it, so nothing of it is taken.
    """
    repeated = _place_of_repeated(json.loads(body, object_pairs_hook=_Members))
    if repeated is not None:
        raise UnreadableBody("key-said-twice", repeated)


class _Members(list[tuple[str, Any]]):
    """The members of a JSON object, those said twice too."""


def _place_of_repeated(value: Any) -> str | None:
    """Return the pointer of the first repeated key, or None."""
    if not isinstance(value, list):
        return None
    members = value if isinstance(value, _Members) else list(enumerate(value))
    said: set[object] = set()
    for key, inner in members:
        if key in said:
            return f"/{key}"
        said.add(key)
        below = _place_of_repeated(inner)
        if below is not None:
            return f"/{key}{below}"
    return None


def _matrices(sheets: Sequence[Sheet]) -> list[Part]:
    parts: list[Part] = []
    total = 0
    for at, sheet in enumerate(sheets):
        pointer = f"/reports/{at}"
        if len(sheet.values) != len(sheet.rows):
            raise UnreadableBody("invalid-body", f"{pointer}/values")
        width = len(sheet.columns)
        for line, values in enumerate(sheet.values):
            if len(values) != width:
                raise UnreadableBody("invalid-body", f"{pointer}/values/{line}")
        total += width * len(sheet.rows)
        parts.append(Matrix(pointer, sheet.agency, sheet.rows, sheet.columns, sheet.values))
    if total > MOST_FIGURES and sum(_said(part) for part in parts) > MOST_FIGURES:
        raise BodyTooLarge(f"{MOST_FIGURES}")
    return parts


def _said(part: Part) -> int:
    return sum(1 for _ in part.figures())


def _lists(entries: Sequence[Entry]) -> list[Part]:
    return gather(
        (entry.agency, Figure(f"/figures/{at}", entry.row, entry.column, entry.value))
        for at, entry in enumerate(entries)
        if entry.value is not None
    )
