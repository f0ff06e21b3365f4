"""Signed roots of the ledger as outsiders check them: statement, digest, key, signature."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connector_gateway.domain.ledger import Head, Heads, canonical
from contracts.calendar import ZONE

Keys = Mapping[str, Ed25519PublicKey]
"""Public keys by their id."""


def public_key(kid: str, x: str) -> Ed25519PublicKey:
    """Return a key of ``jwks.json``; raises ``ValueError`` where ``kid`` is another key's.

    ``kid`` is the thumbprint of the key (RFC 7638), so nobody can put another key under it.
    """
    thumbprint = hashlib.sha256(canonical({"crv": "Ed25519", "kty": "OKP", "x": x}).encode())
    if urlsafe_b64encode(thumbprint.digest()).rstrip(b"=").decode() != kid:
        raise ValueError(kid)
    return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(x + "=" * (-len(x) % 4)))


@dataclass(frozen=True)
class Seal:
    """A signature (ed25519) over the SHA-256 of a statement; the statement may stay at home."""

    root: bytes
    kid: str
    signature: bytes
    statement: str | None = None

    def flaw(self, keys: Keys) -> str | None:
        """Return why it does not hold: ``altered``, ``unknown-key``, ``wrong-signature``."""
        if self.statement is not None and digest_of(self.statement) != self.root:
            return "altered"
        if self.kid not in keys:
            return "unknown-key"
        try:
            keys[self.kid].verify(self.signature, self.root)
        except InvalidSignature:
            return "wrong-signature"
        return None


@dataclass(frozen=True)
class DayRoot:
    """The root of one day over the heads of all chains."""

    day: date
    seal: Seal

    def flaw(self, keys: Keys) -> str | None:
        """Return why it does not hold: a seal's flaw, or ``altered`` where it is of another day."""
        if self.seal.statement is not None and _said(self.seal.statement).get("day") != str(
            self.day
        ):
            return "altered"
        return self.seal.flaw(keys)

    @property
    def heads(self) -> Heads:
        """Return where each chain stood at the end of the day; nowhere if it cannot be read."""
        try:
            said = _said(self.seal.statement or "{}")["heads"]
            return {
                chain: Head(int(index), bytes.fromhex(hash))
                for chain, (index, hash) in said.items()
            }
        except (KeyError, ValueError, TypeError, AttributeError):
            return {}


def midnight_after(day: date) -> datetime:
    """Return the end of a day in Asia/Ho_Chi_Minh."""
    return datetime.combine(day + timedelta(days=1), time(), ZONE)


def digest_of(statement: str) -> bytes:
    """Return the 32 bytes that are signed for a statement."""
    return hashlib.sha256(statement.encode()).digest()


def _said(statement: str) -> dict[str, Any]:
    try:
        return dict(json.loads(statement))
    except (ValueError, TypeError):
        return {}
