"""Text for people is Vietnamese and stands in resource files; every refusal has its sentences."""

import ast
import importlib
import pkgutil
import re
import string
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache

import pytest

from chassis.errors import Refusal
from chassis.problems import load_texts
from tests.support.sources import ROOT, SERVICES, files, in_services, modules, name_of

PACKAGES = ["chassis", *(name.replace("-", "_") for name in SERVICES)]
NOT_PARAMETERS = {"errors", "extra", "headers"}
packages = pytest.mark.parametrize("package", PACKAGES)


def test_no_text_for_people_stands_in_code() -> None:
    found = [
        module.at(text, str(text.value))
        for module in (*in_services(), *modules("chassis"))
        for text in module.strings()
        if not is_pattern(str(text.value))
        and any(ord(letter) > 127 and letter.isalpha() for letter in str(text.value))
    ]
    assert not found, "put it into texts.toml, a template or another resource"


def is_pattern(text: str) -> bool:
    """Say whether ``text`` is a regular expression with ranges of letters: it is said to nobody."""
    return bool(re.search(r"\[[^]]*\w-\w[^]]*\]", text))


def test_resources_are_written_in_nfc() -> None:
    found = [
        path.relative_to(ROOT)
        for path in files()
        if path.suffix in {".toml", ".html", ".txt", ".json", ".css", ".md", ".csv"}
        and not unicodedata.is_normalized("NFC", path.read_text(encoding="utf-8"))
    ]
    assert not found


@cache
def refusals(package: str) -> tuple[type[Refusal], ...]:
    """Return the kinds of refusal that a package defines."""
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not module.name.endswith((".main", "__main__")):
            importlib.import_module(module.name)
    return tuple(kind for kind in below(Refusal) if kind.__module__.split(".")[0] == package)


def below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    """Yield every class below ``kind``."""
    for inner in kind.__subclasses__():
        yield inner
        yield from below(inner)


def texts_for(package: str) -> dict[str, dict[str, str]]:
    """Return the sentences that a package can use: its own and the chassis'."""
    return load_texts("chassis") | load_texts(package)


@packages
def test_every_refusal_has_title_detail_and_advice(package: str) -> None:
    texts = texts_for(package)
    silent = [kind.__name__ for kind in refusals(package) if kind.slug not in texts]
    assert not silent
    for slug, text in load_texts(package).items():
        assert text.keys() == {"title", "detail", "advice"}, slug
        assert all(sentence.strip() for sentence in text.values()), slug


@packages
def test_only_details_have_blanks(package: str) -> None:
    for slug, text in load_texts(package).items():
        assert not blanks(text["title"] + text["advice"]), slug


def blanks(text: str) -> set[str]:
    """Return the names of the blanks of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@packages
def test_whoever_refuses_fills_every_blank_of_the_sentence(package: str) -> None:
    texts = texts_for(package)
    slugs = {kind.__name__: kind.slug for kind in (*refusals("chassis"), *refusals(package))}
    folder = "chassis" if package == "chassis" else f"services/{package.replace('_', '-')}/src"
    unfilled = []
    for module in modules(folder):
        for node in module.nodes:
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            call = node.exc if isinstance(node.exc, ast.Call) else ast.Call(node.exc, [], [])
            slug = slugs.get(name_of(call.func).rsplit(".", 1)[-1])
            given = {word.arg for word in call.keywords}
            if slug is None or None in given:
                continue
            missing = blanks(texts[slug]["detail"]) - (given - NOT_PARAMETERS)
            if missing:
                unfilled.append(module.at(node, f"{slug} {sorted(missing)}"))
    assert not unfilled


@packages
def test_every_place_that_is_wrong_is_explained(package: str) -> None:
    texts = texts_for(package)
    folder = "chassis" if package == "chassis" else f"services/{package.replace('_', '-')}/src"
    unexplained = [
        module.at(call, str(call.args[1].value))
        for module in modules(folder)
        for call in module.calls()
        if name_of(call.func) == "Place"
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
        and call.args[1].value not in texts
    ]
    assert not unexplained


@packages
def test_no_sentence_is_left_over(package: str) -> None:
    folder = "chassis" if package == "chassis" else f"services/{package.replace('_', '-')}/src"
    used = {str(text.value) for module in modules(folder, "chassis") for text in module.strings()}
    stems = tuple(text for text in used if text.endswith("-"))  # f"scope-{scope}"
    left = load_texts(package).keys() - used
    assert not [slug for slug in left if not (stems and slug.startswith(stems))]


def test_one_slug_means_one_thing_in_all_services() -> None:
    seen: dict[str, str] = {}
    generic = load_texts("chassis")  # for these a service may have words of its own
    for package in PACKAGES[1:]:
        for slug, text in load_texts(package).items():
            if slug not in generic:
                assert seen.setdefault(slug, text["title"]) == text["title"], (slug, package)


def test_resource_files_can_be_read() -> None:
    for path in files():
        if path.suffix == ".toml":
            tomllib.loads(path.read_text(encoding="utf-8"))
