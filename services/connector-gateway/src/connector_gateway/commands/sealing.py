"""Credentials for other systems, kept so that the database alone gives nothing away."""

import base64
import json
import secrets
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector_gateway.commands.keys import SigningKey
from connector_gateway.errors.pulls import PullCredentialLost

PURPOSE = b"reporting-hub connector-gateway pull credentials 1"
NONCE = 12


def seal(key: SigningKey, credential: Mapping[str, str], connection: UUID) -> str:
    """Return a credential encrypted for one connection (AES-256-GCM); no other can open it."""
    nonce = secrets.token_bytes(NONCE)
    text = json.dumps(dict(credential)).encode()
    sealed = AESGCM(key.derived(PURPOSE)).encrypt(nonce, text, connection.bytes)
    return base64.b64encode(nonce + sealed).decode()


def unseal(key: SigningKey, sealed: str, connection: UUID) -> dict[str, str]:
    """Return what was sealed; raises ``PullCredentialLost`` where the signing key is another."""
    raw = base64.b64decode(sealed)
    try:
        text = AESGCM(key.derived(PURPOSE)).decrypt(raw[:NONCE], raw[NONCE:], connection.bytes)
    except InvalidTag as why:
        raise PullCredentialLost from why
    credential: dict[str, str] = json.loads(text)
    return credential
