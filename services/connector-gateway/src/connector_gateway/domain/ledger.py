"""The exchange ledger: a chain of hashes per connection in which no entry can quietly change.

``hash = SHA-256(previous hash || canonical entry)``; the first entry follows 32 zero bytes. The
canonical entry is JSON with sorted keys and no spaces in UTF-8 (RFC 8785 for strings and
integers), and names its chain and index, so that an entry moved elsewhere is found too.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from connector_gateway.domain import Moment, Table
from contracts.calendar import ZONE

SYSTEM = "system"
"""The chain of what concerns the hub as a whole; each connection has its own."""


class Kind(StrEnum):
    """What an entry is about."""

    DELIVERY_RECEIVED = "delivery-received"
    DELIVERY_REFUSED = "delivery-refused"
    HELD_RELEASED = "held-released"
    CONNECTION_OPENED = "connection-opened"
    CREDENTIAL_ADDED = "credential-added"
    CREDENTIAL_ENDED = "credential-ended"
    CONNECTION_REQUESTED = "connection-requested"
    CONNECTION_REQUEST_DUE = "connection-request-due"
    CONNECTION_REQUEST_GRANTED = "connection-request-granted"
    CONNECTION_REQUEST_REFUSED = "connection-request-refused"
    STATE_CHANGED = "state-changed"
    POLICY_CHANGED = "policy-changed"
    CODE_MAP_PUBLISHED = "code-map-published"
    SUBSCRIPTION_CHANGED = "subscription-changed"
    CONNECTION_FLAGGED = "connection-flagged"
    FLAG_DECIDED = "flag-decided"
    CONNECTION_PROBED = "connection-probed"
    SUSPENSION_ORDERED = "suspension-ordered"
    SUSPENSION_FAILED = "suspension-failed"
    SUSPENSION_EXTENDED = "suspension-extended"
    SUSPENSION_ACKNOWLEDGED = "suspension-acknowledged"
    LIFT_REQUESTED = "lift-requested"
    SUSPENSION_LIFTED = "suspension-lifted"
    FORCE_MAJEURE_DECLARED = "force-majeure-declared"
    FORCE_MAJEURE_ENDED = "force-majeure-ended"
    NOTICE_PUBLISHED = "notice-published"
    DISPATCH_ACKNOWLEDGED = "dispatch-acknowledged"
    PULL_CONFIGURED = "pull-configured"
    PULL_REMOVED = "pull-removed"
    DISPATCHES_REDELIVERED = "dispatches-redelivered"
    TEST_DISPATCHED = "test-dispatched"
    KEY_PUBLISHED = "key-published"


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
Heads = Mapping[str, Head]
"""Where each chain stands, by its name."""


def canonical(entry: Mapping[str, object]) -> str:
    """Return the one text of an entry that is hashed."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def extend(head: Head, chain: str, kind: Kind, facts: Facts, *, at: datetime) -> Link:
    """Return the entry that follows ``head``; time never runs back along a chain."""
    index = head.index + 1
    at = max(at, head.at).astimezone(ZONE)
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
    """``changed`` | ``missing`` | ``misplaced`` | ``cut-off`` | ``absent``"""


def verify(
    chain: str, links: Iterable[Link], *, start: Head | None = None, end: Head | None = None
) -> Breach | None:
    """Return the first bad entry of a chain, or None; ``end`` is what a signed root says of it.

    >>> verify("qg-tthc", []) is None
    True
    """
    check = Check({chain: start or Head()}, [{chain: end}] if end else [])
    check.see(replace(link, chain=chain) for link in links)
    return next(iter(check.breaches()), None)


class Check:
    """A walk along every chain at once, from signed heads to signed heads.

    ``opening`` is where each chain stands before its first entry (nowhere: at its beginning);
    ``roots`` are heads that hold because they are signed.
    """

    def __init__(self, opening: Heads, roots: Iterable[Heads]) -> None:
        self.heads: dict[str, Head] = dict(opening)
        self.seen: Counter[str] = Counter()
        self._signed: dict[str, list[Head]] = defaultdict(list)
        self._breaches: dict[str, Breach] = {}
        for heads in roots:
            for chain, head in heads.items():
                self._signed[chain].append(head)

    def see(self, links: Iterable[Link]) -> None:
        """Follow the chains by these entries; what comes after a breach of a chain is passed by."""
        for link in links:
            self.seen[link.chain] += 1
            if link.chain in self._breaches:
                continue
            head = self.heads.get(link.chain, Head())
            if why := self._flaw(head, link):
                self._breaches[link.chain] = Breach(link.chain, head.index + 1, why)
            else:
                self.heads[link.chain] = link.head

    def _flaw(self, head: Head, link: Link) -> str | None:
        if why := flaw(head, link):
            return why
        said = (one for one in self._signed.get(link.chain, ()) if one.index == link.index)
        return None if all(one.hash == link.hash for one in said) else "changed"

    def breaches(self) -> list[Breach]:
        """Return the first bad entry of each chain that does not reach what is signed of it."""
        for chain, signed in self._signed.items():
            head = self.heads.get(chain, Head())
            if chain not in self._breaches and head.index < max(one.index for one in signed):
                why = "cut-off" if head.index else "absent"
                self._breaches[chain] = Breach(chain, head.index + 1, why)
        return [self._breaches[chain] for chain in sorted(self._breaches)]


def flaw(head: Head, link: Link) -> str | None:
    """Return why ``link`` is not the entry that follows ``head``, or None where it is."""
    if link.index != head.index + 1:
        return "missing"
    try:
        said = dict(json.loads(link.entry))
    except (ValueError, TypeError):
        return "changed"
    if (said.get("chain"), said.get("index")) != (link.chain, link.index):
        return "misplaced"
    is_whole = (
        said.get("at") == link.at.astimezone(ZONE).isoformat() and canonical(said) == link.entry
    )
    return None if is_whole and digest(head.hash, link.entry) == link.hash else "changed"


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
