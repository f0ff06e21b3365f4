"""``demo.json``: what a person or a script needs to enter this hub, readable by its owner only."""

import json
import os
from pathlib import Path
from typing import Any

from deploy.local import keys
from deploy.local.layout import Hub

ADMINISTRATOR = "quan-tri"
"""The account that ``accounts`` opens when it has none."""


def demo_file(hub: Hub) -> Path:
    """Return where the file stands."""
    return hub.home / "demo.json"


def read(hub: Hub) -> dict[str, Any]:
    """Return what the file says; on a new hub, the way in of its first administrator."""
    try:
        facts: dict[str, Any] = json.loads(demo_file(hub).read_text())
    except FileNotFoundError:
        first = {
            "username": ADMINISTRATOR,
            "password": keys.password(hub, "bootstrap"),
            "totp_secret": None,
            "roles": ["administrator"],
            "agency": "STTTT",
        }
        facts = {"accounts": [first], "periods": {}, "connections": []}
    return {**facts, "origin": hub.origin, "mail": str(hub.mail)}


def write(hub: Hub, facts: dict[str, Any]) -> None:
    """Replace the file."""
    path = demo_file(hub)
    unfinished = path.with_suffix(".new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(facts, file, ensure_ascii=False, indent=2)
    unfinished.rename(path)
