"""The text of a cell: exact decimals read from their own digits, never through a float."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from contracts.forms import Attribute, ColumnKind
from contracts.text import nfc
from submissions.domain.cells import NIL, NOT_APPLICABLE
from submissions.domain.deliveries.shapes import Number

CLEARS = ""
STATES = frozenset({CLEARS, NIL, NOT_APPLICABLE})
LONGEST_TEXT = 2000
MOST_DIGITS = 15
WRITTEN = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
COUNTED = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")


class BadFigure(Exception):
    """A figure that cannot stand in its cell: the slug of why, and what fills its sentence."""

    def __init__(self, slug: str, **params: object) -> None:
        super().__init__(slug)
        self.slug = slug
        self.params: Mapping[str, object] = params


def canonical(attribute: Attribute, value: Any) -> str:
    """Return how a value is kept: digits without needless zeros, ``-``, ``x`` or NFC text.

    >>> canonical(Attribute(code="c", name="c", decimals=1), "007.50")
    '7.5'
    """
    text = _text(attribute, value)
    if text in STATES:
        return text
    if attribute.kind is ColumnKind.TEXT:
        if len(text) > LONGEST_TEXT:
            raise BadFigure("text-too-long", most=LONGEST_TEXT)
        return text
    found = COUNTED if isinstance(value, Number) else WRITTEN
    if not found.fullmatch(text):
        raise BadFigure("not-a-decimal")
    return _number(attribute, Decimal(text))


def _text(attribute: Attribute, value: Any) -> str:
    odd = "invalid-value" if attribute.kind is ColumnKind.TEXT else "not-a-decimal"
    match value:
        case bool():
            raise BadFigure(odd)
        case int():
            if abs(value) >= 10**MOST_DIGITS:
                raise BadFigure("number-too-large", most=MOST_DIGITS)
            return str(value)
        case str():
            try:
                return nfc(str(value))
            except ValueError as why:
                raise BadFigure("invalid-text") from why
        case _:
            raise BadFigure(odd)


def _number(attribute: Attribute, number: Decimal) -> str:
    if number.adjusted() >= MOST_DIGITS:
        raise BadFigure("number-too-large", most=MOST_DIGITS)
    plain = plain_text(number)
    _, _, part = plain.partition(".")
    if len(part) > attribute.decimals:
        raise BadFigure("too-many-decimals", most=attribute.decimals)
    if attribute.minimum is not None and number < Decimal(attribute.minimum):
        raise BadFigure("below-minimum", minimum=attribute.minimum)
    return plain


def plain_text(number: Decimal) -> str:
    """Return a number's digits without exponent, grouping or needless zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
