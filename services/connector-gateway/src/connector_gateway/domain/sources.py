"""A source (nguồn kéo): what a connector is given to ask it, and what asking brings (Điều 3.5)."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from chassis.errors import Refusal


class PullKind(StrEnum):
    """How a system is asked; one connector each."""

    HTTP = "http"
    SFTP = "sftp"


Checkpoint = Mapping[str, str]
"""How far a source has been taken, in the words of its connector, by name."""


@dataclass(frozen=True)
class Content:
    """A page or file that passed the cheap checks of a push."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class Step:
    """What one look at a source brought, and how the checkpoint moves with it.

    ``offered`` is a page or file, or what is wrong with it; None where there is nothing to take.
    A mark of None is forgotten.
    """

    marks: Mapping[str, str | None]
    position: str = ""
    """The mark of what is offered."""
    version: str = ""
    """Tells what stands at ``position`` from what stood there earlier."""
    offered: Content | Refusal | None = None


@dataclass(frozen=True)
class Source:
    """A system as its connector is given it: where and how to ask, and what is taken already."""

    settings: Mapping[str, Any]
    permitted: Set[str]
    """``host:port`` that may be private."""
    credential: Mapping[str, str] = field(default_factory=dict, repr=False)
    checkpoint: Checkpoint = field(default_factory=dict, repr=False)
    is_trial: bool = False
    """Only the first page or file is read, whatever has been taken."""


def server_of(kind: PullKind, settings: Mapping[str, Any]) -> str:
    """Return the server that is asked: the origin of an address, or host, port and pinned key.

    >>> server_of(PullKind.HTTP, {"url": "https://bo.example.vn/bao-cao?trang=1"})
    'https://bo.example.vn'
    """
    if kind is PullKind.HTTP:
        parts = urlsplit(settings["url"])
        return f"{parts.scheme}://{parts.netloc.lower()}"
    return f"{settings['host']}:{settings['port']} {settings['host_key']}"
