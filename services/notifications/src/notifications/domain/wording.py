"""The sentences people read, filled with the facts of an event; they stand in ``wording.toml``."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources

from contracts.calendar import ZONE
from notifications.domain.inboxes import Message


@cache
def wording() -> Mapping[str, Mapping[str, str]]:
    """Return the sentences by kind."""
    source = resources.files("notifications").joinpath("wording.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def message(
    kind: str, facts: Mapping[str, object], *, agency: str | None, roles: tuple[str, ...]
) -> Message:
    """Return the message of ``kind`` about ``facts``."""
    sentences = wording()[kind]
    return Message(
        kind=kind,
        subject=sentences["subject"].format_map(facts),
        body=sentences["body"].format_map(facts),
        link=sentences["link"].format_map(facts),
        agency=agency,
        roles=roles,
    )


def ground_in_words(ground: str) -> str:
    """Return a legal ground as people read it."""
    return wording()["grounds"].get(ground, ground)


def kind_in_words(kind: str) -> str:
    """Return what kind of notice it is, as people read it."""
    return wording()["kinds"].get(kind, kind)


def moment(at: datetime) -> str:
    """Return a moment as people write it: ``17:00 16/12/2026``."""
    return at.astimezone(ZONE).strftime("%H:%M %d/%m/%Y")
