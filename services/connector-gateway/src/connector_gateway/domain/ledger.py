"""The exchange ledger: a chain of hashes per connection in which no entry can quietly change.

``hash = SHA-256(previous hash || canonical entry)``; the first entry follows 32 zero bytes. The
canonical entry is JSON with sorted keys and no spaces in UTF-8 (RFC 8785 for strings and
integers), and names its chain and index, so that an entry moved elsewhere is found too.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from connector_gateway.domain import Moment, Table

SYSTEM = "system"
"""The chain of what concerns the hub as a whole; each connection has its own."""


class Kind(StrEnum):
    """What an entry is about."""

    DELIVERY_RECEIVED = "delivery-received"
    DELIVERY_REFUSED = "delivery-refused"
    HELD_RELEASED = "held-released"
    CONNECTION_OPENED = "connection-opened"
    STATE_CHANGED = "state-changed"
    CODE_MAP_PUBLISHED = "code-map-published"
    CONNECTION_FLAGGED = "connection-flagged"
    SUSPENSION_ORDERED = "suspension-ordered"
    SUSPENSION_FAILED = "suspension-failed"
    SUSPENSION_ACKNOWLEDGED = "suspension-acknowledged"
    LIFT_REQUESTED = "lift-requested"
    SUSPENSION_LIFTED = "suspension-lifted"
    NOTICE_PUBLISHED = "notice-published"
    DISPATCH_ACKNOWLEDGED = "dispatch-acknowledged"


BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Head:
    """The end of a chain: how many entries it has, the hash of the last and its moment."""

    index: int = 0
    hash: bytes = bytes(32)
    at: datetime = BEGINNING


@dataclass(frozen=True)
class Link:
    """One entry in its place."""

    chain: str
    index: int
    at: datetime
    entry: str
    hash: bytes

    @property
    def head(self) -> Head:
        """Return the end of the chain after this entry."""
        return Head(self.index, self.hash, self.at)


Facts = Mapping[str, str | int | None]


def canonical(entry: Mapping[str, object]) -> str:
    """Return the one text of an entry that is hashed."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def extend(head: Head, chain: str, kind: Kind, facts: Facts, *, at: datetime) -> Link:
    """Return the entry that follows ``head``; time never runs back along a chain."""
    index = head.index + 1
    at = max(at, head.at.astimezone(at.tzinfo)) if head.index else at
    entry = canonical(
        {**facts, "chain": chain, "index": index, "at": at.isoformat(), "kind": kind.value}
    )
    return Link(chain, index, at, entry, digest(head.hash, entry))


def digest(previous: bytes, entry: str) -> bytes:
    """Return the hash of an entry after ``previous``."""
    return hashlib.sha256(previous + entry.encode()).digest()


@dataclass(frozen=True)
class Breach:
    """The first place where a chain does not hold, and why."""

    chain: str
    index: int
    why: str
    """``changed`` | ``missing`` | ``misplaced`` | ``cut-off``"""


def verify(
    chain: str, links: Iterable[Link], *, start: Head | None = None, end: Head | None = None
) -> Breach | None:
    """Return the first bad entry of a chain, or None; ``end`` is what a signed root says of it.

    >>> verify("qg-tthc", []) is None
    True
    """
    head = start or Head()
    for link in links:
        if link.index != head.index + 1:
            return Breach(chain, head.index + 1, "missing")
        said = json.loads(link.entry)
        if said.get("index") != link.index or said.get("chain") != chain:
            return Breach(chain, link.index, "misplaced")
        is_whole = datetime.fromisoformat(said["at"]) == link.at and canonical(said) == link.entry
        if not is_whole or digest(head.hash, link.entry) != link.hash:
            return Breach(chain, link.index, "changed")
        head = Head(link.index, link.hash, link.at)
        if end and head.index == end.index and head.hash != end.hash:
            return Breach(chain, link.index, "changed")
    if end and head.index < end.index:
        return Breach(chain, head.index + 1, "cut-off")
    return None


def root_of(day: date, heads: Sequence[tuple[str, Head]]) -> tuple[str, bytes]:
    """Return the statement that is signed once a day over every chain, and its SHA-256."""
    statement = canonical(
        {
            "day": day.isoformat(),
            "heads": {chain: [head.index, head.hash.hex()] for chain, head in heads},
        }
    )
    return statement, hashlib.sha256(statement.encode()).digest()


class LedgerEntry(Table, table=True):
    """An entry as kept; the database refuses to change or remove it."""

    __tablename__ = "ledger_entries"

    chain: str = Field(sa_type=Text, primary_key=True)
    index: int = Field(sa_type=BigInteger, primary_key=True)
    at: datetime = Field(sa_type=Moment)
    entry: str = Field(sa_type=Text)
    hash: bytes


class LedgerRoot(Table, table=True):
    """The root of a day over all chains, signed with the key that the hub publishes."""

    __tablename__ = "ledger_roots"

    day: date = Field(primary_key=True)
    statement: str = Field(sa_type=Text)
    root: bytes
    kid: str = Field(sa_type=Text)
    signature: bytes
    signed_at: datetime = Field(sa_type=Moment)
