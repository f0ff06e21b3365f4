"""What stands in a cell: a figure, nil (``-``), not applicable (``x``) or nothing at all.

The four states live through every sum: what is missing adds nothing, only-missing stays missing,
only-nil stays nil.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import reduce

from contracts.forms import Attribute

NIL = "-"
NOT_APPLICABLE = "x"
Value = Decimal | str | None
"""A figure as ``Decimal``, nil or not applicable as their sign, missing as None."""
Cells = Mapping[str, str]
"""``row:column`` → exact decimal, ``-`` or ``x``; absent = missing."""
EXACT = Context(prec=64, rounding=ROUND_HALF_UP)
"""Wide enough that sums and products of what cells may hold are never rounded on the way."""


def read(text: str | None) -> Value:
    """Read the text of a cell; words are no figure."""
    if text is None or text in {NIL, NOT_APPLICABLE}:
        return text
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def write(value: Value, column: Attribute) -> str | None:
    """Write a value as the text of a cell of ``column``: rounded half up, no needless zeros."""
    if not isinstance(value, Decimal):
        return value
    step = Decimal(1).scaleb(-column.decimals)
    text = format(value.quantize(step, ROUND_HALF_UP, EXACT), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def total(texts: Sequence[str]) -> Value:
    """Add up cells by their texts."""
    if not texts:
        return None
    try:
        value = reduce(EXACT.add, map(Decimal, texts))
    except InvalidOperation:
        return add(map(read, texts))
    return value if value.is_finite() else add(map(read, texts))


def add(values: Iterable[Value]) -> Value:
    """Add values, states kept apart.

    >>> add([Decimal(5), None, NIL]), add([NIL, NOT_APPLICABLE]), add([None, None])
    (Decimal('5'), '-', None)
    """
    return reduce(_added, values, None)


def number(value: Value) -> Decimal | None:
    """Return a value as a number: nil is 0, missing and not applicable are none."""
    if value == NIL:
        return Decimal()
    return value if isinstance(value, Decimal) else None


def _added(left: Value, right: Value) -> Value:
    if isinstance(left, Decimal):
        return EXACT.add(left, right) if isinstance(right, Decimal) else left
    if isinstance(right, Decimal):
        return right
    if left is None or right is None:
        return right if left is None else left
    return NIL if NIL in {left, right} else left
