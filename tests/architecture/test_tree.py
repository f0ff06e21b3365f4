"""Nothing committed names a registry's host or a path of somebody's machine (`stack.md`, Locks)."""

import re
from pathlib import Path

import pytest

from tests.support.sources import ROOT, files

REGISTRIES = [
    ("py", "pi.org"),
    ("files.python", "hosted.org"),
    ("registry.npm", "js.org"),
    ("npmmir", "ror.com"),
    ("registry.yarn", "pkg.com"),
    ("repo1.ma", "ven.org"),
    ("repo.ma", "ven.apache.org"),
    ("proxy.go", "lang.org"),
    ("index.cr", "ates.io"),
    ("static.cr", "ates.io"),
    ("conda.ana", "conda.org"),
    ("docker", ".io"),
    ("ghcr", ".io"),
    ("quay", ".io"),
    ("gcr", ".io"),
]
HOST = re.compile("|".join(rf"(?<![\w-]){re.escape(a + b)}" for a, b in REGISTRIES))
MACHINE = re.compile(r"(?<![\w.$}{/*-])/(?:work|root|workspace|home/\w+|Users/\w+)/(?=[\w.])")
"""Paths that only exist where somebody happened to write them."""


def texts() -> list[tuple[Path, str]]:
    """Return every text file of the project."""
    found = []
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            found.append((path.relative_to(ROOT), content.decode("utf-8", errors="replace")))
    return found


def places(pattern: re.Pattern[str]) -> list[str]:
    """Return where ``pattern`` stands in the project."""
    return [
        f"{path}:{number} {match.group()}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def test_no_file_names_a_registry() -> None:
    assert not places(HOST), "the index address comes from the environment of whoever installs"


def test_no_file_names_a_path_of_a_machine() -> None:
    assert not places(MACHINE)


@pytest.mark.parametrize(("first", "rest"), REGISTRIES)
def test_a_registry_is_recognised(first: str, rest: str) -> None:
    assert HOST.search(f"https://{first}{rest}/simple")


@pytest.mark.parametrize("folder", ["work", "root", "home/an", "Users/an"])
def test_a_path_of_a_machine_is_recognised(folder: str) -> None:
    assert MACHINE.search(f"see /{folder}/main/README.md")


@pytest.mark.parametrize("text", ["/api/work/v1", "a/root/b", "$HOME/x", "~/x", "/var/x"])
def test_other_paths_are_not_mistaken_for_one(text: str) -> None:
    assert not MACHINE.search(text)


def test_no_file_is_a_leftover() -> None:
    leftovers = re.compile(r"\.(orig|rej|bak|swp|pyc|log)$|~$|(^|/)\.DS_Store$")
    assert not [path for path, _ in texts() if leftovers.search(path.as_posix())]
