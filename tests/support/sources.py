"""The source of the project as tests of its architecture read it: files, syntax trees, texts."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir())


@functools.cache
def files() -> tuple[Path, ...]:
    """Return every file that is, or is about to be, part of the project."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True).stdout
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


@dataclass(frozen=True)
class Module:
    """A module of the project and what is written in it."""

    path: Path

    @property
    def name(self) -> str:
        """Return its path from the root, as people call it."""
        return self.path.relative_to(ROOT).as_posix()

    @functools.cached_property
    def text(self) -> str:
        """Return its source."""
        return self.path.read_text(encoding="utf-8")

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Return its syntax tree."""
        return ast.parse(self.text)

    @property
    def inside(self) -> tuple[str, ...]:
        """Return its path inside its package: ``("domain", "mails.py")``."""
        parts = self.path.relative_to(ROOT).parts
        return parts[parts.index("src") + 2 :] if "src" in parts else parts

    @functools.cached_property
    def docstrings(self) -> frozenset[ast.Constant]:
        """Return every string that stands alone, as docstrings and notes on attributes do."""
        return frozenset(
            node.value
            for node in self.nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )

    def strings(self) -> Iterator[ast.Constant]:
        """Yield every string literal that the program uses."""
        for node in self.nodes:
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and node not in self.docstrings:
                assert isinstance(node, ast.Constant)
                yield node

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Return every node of its syntax tree."""
        return tuple(ast.walk(self.tree))

    def calls(self) -> Iterator[ast.Call]:
        """Yield every call."""
        yield from (node for node in self.nodes if isinstance(node, ast.Call))

    def at(self, node: ast.AST, what: str = "") -> str:
        """Return where ``node`` stands, for whoever must mend it."""
        return f"{self.name}:{getattr(node, 'lineno', 1)} {what}".rstrip()


@functools.cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Return the modules below ``folders`` (all when none is named)."""
    if not folders:
        return tuple(Module(path) for path in files() if path.suffix == ".py")
    roots = tuple(f"{folder}/" for folder in folders)
    return tuple(module for module in modules() if module.name.startswith(roots))


def in_services() -> tuple[Module, ...]:
    """Return the modules of services, without their migrations."""
    return tuple(one for one in modules("services") if "src" in one.path.parts)


def in_domains() -> tuple[Module, ...]:
    """Return the modules of domains."""
    return tuple(one for one in in_services() if one.inside[0] in {"domain", "domain.py"})


def name_of(node: ast.expr) -> str:
    """Return a dotted name as it is written (``datetime.now``), "" for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            before = name_of(value)
            return f"{before}.{name}" if before else name
    return ""


def imported(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield every import and the full name of what it brings."""
    for node in module.nodes:
        match node:
            case ast.Import(names=names):
                yield from ((node, alias.name) for alias in names)
            case ast.ImportFrom(module=origin, names=names):
                yield from ((node, f"{origin}.{alias.name}") for alias in names)
