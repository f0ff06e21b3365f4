"""The slugs with which a service says no, read from its errors and its sources."""

import importlib
import re
from pathlib import Path

from chassis.errors import Refusal

PLACE = re.compile(r'Place\(\s*(?:f?"[^"]*"|\w+),\s*"([a-z-]+)"')


def slugs_of(package: str) -> set[str]:
    """Return the slugs of the errors of ``package`` and of every place that it names."""
    errors = importlib.import_module(f"{package}.errors")
    slugs = {
        error.slug
        for error in vars(errors).values()
        if isinstance(error, type)
        and issubclass(error, Refusal)
        and error.__module__ == errors.__name__
    }
    folder = Path(str(errors.__file__)).parent
    for source in folder.rglob("*.py"):
        slugs |= set(PLACE.findall(source.read_text(encoding="utf-8")))
    return slugs
