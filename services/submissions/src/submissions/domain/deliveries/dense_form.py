"""The dense JSON form read without building its cells: most of what is pushed comes like this.

A matrix whose texts hold nothing but digits, points and signs is kept as it was written, one
figure a line, which is what the check wants to see. A hundred thousand figures of a batch would
otherwise stand in memory as objects before the first of them is looked at.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from submissions.domain.deliveries.shapes import MOST_FIGURES, Delivery, Matrix, Number, OnError

SIGNS = b"0123456789.-x"


class Sheet(msgspec.Struct, forbid_unknown_fields=True):
    """Figures of one agency as rows × columns, all as they were written."""

    agency: str
    rows: msgspec.Raw
    columns: msgspec.Raw
    values: msgspec.Raw


class Pushed(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a push in the dense form (public interface §3)."""

    regime: str
    period: str
    reports: list[Sheet]
    submit: bool = False
    on_error: Literal["skip", "refuse"] = "skip"


CODES = msgspec.json.Decoder(tuple[str, ...])
SHORT = 8192
"""Bytes of codes that are kept for the next report with the same."""
DECODER = msgspec.json.Decoder(Pushed)
TABLE = msgspec.json.Decoder(list[list[Any]], float_hook=Number)


def read_dense(body: bytes) -> Delivery | None:
    """Read a delivery in the dense form; None where anything about it needs a closer look."""
    try:
        pushed = DECODER.decode(body)
        parts = [_matrix(f"/reports/{at}", sheet) for at, sheet in enumerate(pushed.reports)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    matrices = [part for part in parts if part]
    if len(matrices) < len(parts) or body.count(b":") != members_of(body, len(parts)):
        return None
    if sum(len(part.rows) * len(part.columns) for part in matrices) > MOST_FIGURES:
        return None
    on_error = OnError(pushed.on_error)
    return Delivery.of(
        pushed.regime, pushed.period, matrices, submit=pushed.submit, on_error=on_error
    )


def members_of(body: bytes, parts: int) -> int:
    """Return how many colons a body has in which no key is said twice and no text has one.

    Every key of a report or figure is needed and no other is allowed, so one more is a repeated
    one.
    """
    optional = (b'"submit"' in body) + (b'"on_error"' in body)
    return 3 + optional + 4 * parts


def _matrix(pointer: str, sheet: Sheet) -> Matrix | None:
    """Return the figures of a report; None where there are not as many as rows × columns."""
    rows, columns = codes_of(bytes(sheet.rows)), codes_of(bytes(sheet.columns))
    height, width = len(rows), len(columns)
    raw = bytes(sheet.values)
    if height and width and raw.translate(None, SIGNS) == frame_of(height, width):
        text = raw[3:-3].replace(b'"],["', b"\n").replace(b'","', b"\n").decode()
        return Matrix(pointer, sheet.agency, rows, columns, lines=text)
    values: Sequence[Sequence[Any]] = TABLE.decode(raw)
    if len(values) != height or any(len(line) != width for line in values):
        return None
    return Matrix(pointer, sheet.agency, rows, columns, values)


def codes_of(raw: bytes) -> tuple[str, ...]:
    """Return the codes of rows or columns; every report of a form names the same."""
    return _kept_codes(raw) if len(raw) <= SHORT else CODES.decode(raw)


_kept_codes = lru_cache(maxsize=256)(CODES.decode)


@lru_cache(maxsize=64)
def frame_of(height: int, width: int) -> bytes:
    """Return what is left of a matrix of texts without the texts.

    >>> frame_of(2, 2)
    b'[["",""],["",""]]'
    """
    line = b"[" + b",".join([b'""'] * width) + b"]"
    return b"[" + b",".join([line] * height) + b"]"
