"""Signatures of pushes (RFC 9421): who sent exactly this body to this address, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException, InvalidSignature

from connector_gateway.errors.policies import SignatureInvalid, SignatureRequired

FRESH = 300
"""Seconds by which ``created`` may differ from now."""
COVERED = ("@method", "content-digest")
PLACES = frozenset({'"@target-uri"', '"@path"'})
"""One of them must be covered, so that a signature counts at one address alone."""

Signers = Mapping[str, Ed25519PublicKey]
"""The keys with which a connection may sign, by their ids."""


@dataclass(frozen=True)
class Message:
    """A request as its sender signed it; ``url`` is the address outside the gateway."""

    method: str
    url: str
    headers: Mapping[str, str]


class _Verifier(HTTPMessageVerifier):
    """Judges time by the clock of the service and takes nothing that is not dated."""

    def __init__(self, keys: Signers, now: datetime) -> None:
        resolver = MappingKeyResolver(public_keys=keys, private_keys={})
        super().__init__(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
        self._now = int(now.timestamp())

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        created = sig_input.params.get("created")
        expires = sig_input.params.get("expires", self._now)
        if created is None or abs(self._now - created) > FRESH or expires < self._now:
            raise InvalidSignature("created, expires")


def check(message: Message, body: bytes, keys: Signers, *, now: datetime) -> None:
    """Refuse a push that none of ``keys`` has signed with its method, address and body.

    The body is held against ``Content-Digest`` (RFC 9530) as it was sent, packed or not. Raises
    ``SignatureRequired`` or ``SignatureInvalid``.
    """
    if "signature" not in message.headers or "signature-input" not in message.headers:
        raise SignatureRequired
    try:
        found = _Verifier(keys, now).verify(message, require_components=COVERED, body=body)
    except (HTTPMessageSignaturesException, ValueError) as why:
        raise SignatureInvalid(why=str(why)) from why
    if not all(PLACES & one.covered_components.keys() for one in found):
        raise SignatureInvalid(why="@target-uri, @path")
