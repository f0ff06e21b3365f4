"""The sentences that people read; they stand in ``wording.toml``, not in code."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources

from contracts.calendar import ZONE


@cache
def wording() -> Mapping[str, Mapping[str, str]]:
    """Return the sentences by kind."""
    source = resources.files("notifications").joinpath("wording.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def ground_in_words(ground: str) -> str:
    """Return a legal ground of suspension (Điều 8.1) as people read it."""
    return wording()["grounds"].get(ground, ground)


def kind_in_words(kind: str) -> str:
    """Return what kind of notice it is, as people read it."""
    return wording()["kinds"].get(kind, kind)


def moment(at: datetime | str) -> str:
    """Return a moment as people write it: ``17:00 16/12/2026``; text is ISO 8601."""
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return when.astimezone(ZONE).strftime("%H:%M %d/%m/%Y")
