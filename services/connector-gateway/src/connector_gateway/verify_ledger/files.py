"""The files that are checked: an export line by line, public roots, public keys."""

import json
from datetime import date, datetime
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from connector_gateway.domain.ledger import BEGINNING, Link, canonical
from connector_gateway.domain.roots import DayRoot, Seal, public_key
from contracts.calendar import ZONE

T = TypeVar("T")


class Strict(BaseModel):
    """A part of an export: exactly these members."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class EntryLine(Strict):
    """An entry in its place."""

    line: Literal["entry"]
    chain: str
    index: int
    at: str
    entry: str
    hash: str

    @property
    def link(self) -> Link:
        """Return the entry; what cannot be read of it follows nothing."""
        return Link(self.chain, self.index, _moment(self.at), self.entry, bytes_of(self.hash))


class PublicRoot(BaseModel):
    """The signed root of a day; a public one may keep the statement back."""

    model_config = ConfigDict(frozen=True)

    day: date
    statement: str | None = None
    root: str
    kid: str
    signature: str

    @property
    def day_root(self) -> DayRoot:
        """Return the root as it is checked."""
        seal = Seal(bytes_of(self.root), self.kid, bytes_of(self.signature), self.statement)
        return DayRoot(self.day, seal)


class RootLine(PublicRoot):
    """The signed root of a day with its statement."""

    model_config = ConfigDict(extra="forbid")

    line: Literal["root"]
    statement: str


class KeyLine(Strict):
    """A public key (RFC 8037)."""

    line: Literal["key"]
    kid: str
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        public_key(self.kid, self.x)
        return self


class EndLine(Strict):
    """The signed end of an export."""

    line: Literal["end"]
    statement: str
    kid: str
    signature: str


class End(BaseModel):
    """What the end of an export states."""

    export: Literal[1]
    opening: date | None
    until: datetime
    entries: int
    roots: int
    heads: dict[str, tuple[int, str]]


LINES: TypeAdapter[RootLine | KeyLine | EndLine] = TypeAdapter(
    Annotated[RootLine | KeyLine | EndLine, Field(discriminator="line")]
)
ENTRIES = TypeAdapter(EntryLine)
ENTRY = b'"line":"entry"'
"""What only the line of an entry has: inside a string the quotes are escaped."""


class PublicRoots(BaseModel):
    """Roots as they are published; a page of them says more, which is passed over."""

    items: list[PublicRoot]


class Key(BaseModel):
    """A key of ``jwks.json`` (RFC 7517)."""

    kid: str
    x: str


class KeySet(BaseModel):
    """``jwks.json``."""

    keys: list[Key]


def parsed(kind: TypeAdapter[T], raw: bytes) -> T | None:
    """Read a line; None where it is not the one text of what it says."""
    try:
        said = json.loads(raw)
        if canonical(said).encode() + b"\n" != raw:
            return None
        return kind.validate_python(said)
    except ValueError:
        return None


def bytes_of(text: str) -> bytes:
    """Read base16 in lower case; nothing where it is anything else."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return b""
    return found if found.hex() == text else b""


def _moment(text: str) -> datetime:
    """Read a moment as entries write it; the beginning of time where it is written otherwise."""
    try:
        found = datetime.fromisoformat(text).astimezone(ZONE)
    except ValueError:
        return BEGINNING
    return found if found.isoformat() == text else BEGINNING
