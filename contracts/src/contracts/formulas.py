"""The language of formulas and rules in a form: read once, asked by catalog and submissions.

Grammar, over codes of columns (or rows) of the form::

    rule       = expression [("=" | "!=" | "<" | "<=" | ">" | ">=") expression]
    expression = term {("+" | "-") term}
    term       = factor {("*" | "/") factor}
    factor     = number | code | function "(" code ")" | "(" expression ")" | "-" factor
    function   = "previous" | "last_year" | "year_to_date"

``previous(c9)`` is the cell of the period before, ``last_year(month)`` that of the same period of
the year before, ``year_to_date(month)`` the sum of the year's periods up to this one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?![\w.]))|(?P<code>[A-Za-z_][\w.]*)"
    r"|(?P<sign>!=|<=|>=|[-+*/()=<>]))"
)
FUNCTIONS = frozenset({"previous", "last_year", "year_to_date"})
COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
DEEPEST = 20
"""How many parentheses and signs may stand inside one another."""


class FormulaUnreadable(ValueError):
    """A formula that does not follow the grammar; says at which character."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(f"{text!r} at {at}")
        self.at = at


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: Decimal


@dataclass(frozen=True)
class Code:
    """The cell of a column in the row at hand; ``function`` asks for another period's."""

    code: str
    function: str | None = None


@dataclass(frozen=True)
class Operation:
    """``left sign right``; a negated factor is ``0 - factor``."""

    sign: str
    left: "Node"
    right: "Node"


Node = Number | Code | Operation


@dataclass(frozen=True)
class Expression:
    """A formula or, where its root compares, a rule.

    >>> parse("c2 + previous(c9)").codes()
    {'c2', 'c9'}
    """

    text: str
    root: Node

    @property
    def is_comparison(self) -> bool:
        """Say whether this is a rule, true or false."""
        return isinstance(self.root, Operation) and self.root.sign in COMPARISONS

    def codes(self) -> set[str]:
        """Return every code that is named."""
        return {leaf.code for leaf in self.leaves()}

    def leaves(self) -> Iterator[Code]:
        """Yield every cell that is asked for, in order."""
        yield from _leaves(self.root)


def parse(text: str) -> Expression:
    """Read a formula or rule; raises ``FormulaUnreadable``."""
    reader = _Reader(text)
    root = reader.rule()
    reader.end()
    return Expression(text, root)


def _leaves(node: Node) -> Iterator[Code]:
    match node:
        case Code():
            yield node
        case Operation():
            yield from _leaves(node.left)
            yield from _leaves(node.right)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise FormulaUnreadable(text, at)
            kind = found.lastgroup
            self._tokens.append((kind, found[kind], found.start(kind)))
            at = found.end()
        self._next = 0
        self._depth = 0

    def rule(self) -> Node:
        left = self._expression()
        if self._peek() in COMPARISONS:
            return Operation(self._take(), left, self._expression())
        return left

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise self._unreadable()

    def _expression(self) -> Node:
        node = self._term()
        while self._peek() in {"+", "-"}:
            node = Operation(self._take(), node, self._term())
        return node

    def _term(self) -> Node:
        node = self._factor()
        while self._peek() in {"*", "/"}:
            node = Operation(self._take(), node, self._factor())
        return node

    def _factor(self) -> Node:
        if self._next >= len(self._tokens) or self._depth == DEEPEST:
            raise self._unreadable()
        self._depth += 1
        node = self._leaf_or_group()
        self._depth -= 1
        return node

    def _leaf_or_group(self) -> Node:
        kind, said, _ = self._tokens[self._next]
        self._next += 1
        match kind, said:
            case "number", _:
                return Number(Decimal(said))
            case "code", _ if self._peek() == "(":
                return self._asked(said)
            case "code", _:
                return Code(said)
            case _, "-":
                return Operation("-", Number(Decimal(0)), self._factor())
            case _, "(":
                node = self._expression()
                self._expect(")")
                return node
        self._next -= 1
        raise self._unreadable()

    def _asked(self, function: str) -> Node:
        if function not in FUNCTIONS:
            self._next -= 1
            raise self._unreadable()
        self._expect("(")
        begin = self._next
        inner = self._factor()
        if not isinstance(inner, Code) or inner.function:
            self._next = begin
            raise self._unreadable()
        self._expect(")")
        return Code(inner.code, function)

    def _peek(self) -> str | None:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else None

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _expect(self, said: str) -> None:
        if self._peek() != said:
            raise self._unreadable()
        self._next += 1

    def _unreadable(self) -> FormulaUnreadable:
        at = self._tokens[self._next][2] if self._next < len(self._tokens) else len(self._text)
        return FormulaUnreadable(self._text, at)
