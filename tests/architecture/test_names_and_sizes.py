"""What things are called, how long they are, what they say first (`house-style.md` §2, §9–§11)."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.sources import Module, in_services, modules, name_of

BANNED = {"utils", "helpers", "common", "core", "base", "misc", "manager", "service", "platform"}
ENDS = (".", ":", "?", ")", "`")
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_module_is_called_by_what_says_nothing() -> None:
    assert not [module.name for module in modules() if BANNED & set(module.path.stem.split("_"))]
    folders = {part for module in modules() for part in module.inside[:-1]}
    assert not folders & BANNED


def test_no_file_is_too_long() -> None:
    found = [
        module.at(module.tree, f"{lines} lines")
        for module in modules()
        if "versions" not in module.path.parts  # a migration is one change, told from end to end
        and (lines := len(module.text.splitlines())) > most_lines(module)
    ]
    assert not found, "make it a package, split by noun"


def most_lines(module: Module) -> int:
    """Return how long a file may be."""
    return 400 if module.name.startswith("tests/") else 300


def test_a_composition_root_has_no_logic() -> None:
    mains = [module for module in in_services() if module.inside == ("main.py",)]
    assert mains
    assert not [module.name for module in mains if len(module.text.splitlines()) > 60]


def test_a_module_opens_with_a_sentence() -> None:
    found = [
        module.name
        for module in modules()
        if "versions" not in module.path.parts  # a migration says what it does in its name
        and not (ast.get_docstring(module.tree) or "").split("\n\n")[0].rstrip().endswith(ENDS)
    ]
    assert not found, "say what a reader finds here"


def test_no_function_only_forwards() -> None:
    found = [
        module.at(function, function.name)
        for module in modules("contracts", "chassis", "services", "deploy")
        for function in functions(module.tree)
        if only_forwards(function)
    ]
    assert not found, "call the inner function instead"


def functions(tree: ast.AST) -> Iterator[FUNCTION]:
    """Yield every function and method."""
    yield from (node for node in ast.walk(tree) if isinstance(node, FUNCTION))


def only_forwards(function: FUNCTION) -> bool:
    """Say whether a function adds nothing: it gives its own parameters, all of them and nothing
    else, in their order, to one other function.

    A decorated one is a door or a registration, a dunder is Python's, one without parameters gives
    a thing its name, and one that asks a constant of its module or a private part of its object
    says which.
    """
    parameters = _parameters(function)
    if function.decorator_list or function.name.startswith("__") or not parameters:
        return False
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if len(body) != 1 or not isinstance(body[0], ast.Return | ast.Expr):
        return False
    call = body[0].value
    if isinstance(call, ast.Await):
        call = call.value
    if not isinstance(call, ast.Call) or not name_of(call.func):
        return False
    if any(part.isupper() or part.startswith("_") for part in name_of(call.func).split(".")[:-1]):
        return False
    given = [name_of(argument) for argument in call.args]
    renamed = [word for word in call.keywords if word.arg != name_of(word.value)]
    return not renamed and given + [str(word.arg) for word in call.keywords] == parameters


def _parameters(function: FUNCTION) -> list[str]:
    said = function.args
    names = [argument.arg for argument in (*said.posonlyargs, *said.args, *said.kwonlyargs)]
    return [name for name in names if name not in {"self", "cls"}]


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("def send(a, b):\n    return post(a, b)", True),
        ('async def send(a, *, b):\n    """Send."""\n    await post(a, b=b)', True),
        ("class X:\n    def send(self, a):\n        return self.inner.send(a)", True),
        ("def send(a, b):\n    return post(b, a)", False),
        ("def send(a):\n    return post(a, 1)", False),
        ("def send(a, b):\n    return post(a, b=b.c)", False),
        ("@door.get('/')\ndef send(a):\n    return post(a)", False),
        ("def now():\n    return clock()", False),
        ("class X:\n    def send(self, a):\n        return self._inner.send(a)", False),
        ("def is_hash(a, b):\n    return HASHER.verify(a, b)", False),
        ("def send(a):\n    check(a)\n    return post(a)", False),
    ],
)
def test_what_only_forwards_is_told_from_what_does_something(source: str, is_found: bool) -> None:
    (function,) = functions(ast.parse(source))
    assert only_forwards(function) is is_found
