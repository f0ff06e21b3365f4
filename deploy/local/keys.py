"""Passwords and signing keys of one hub: made once at random, kept in files of mode 600."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.local.layout import Hub, package_of
from deploy.local.postgres import SUPERUSER


def password(hub: Hub, name: str) -> str:
    """Return the password called ``name``, made now if the hub has none."""
    path = hub.secrets / f"{name}.password"
    if not path.exists():
        _write(path, secrets.token_urlsafe(24).encode())
    return path.read_text()


def signing_key(hub: Hub, service: str) -> Path:
    """Return the file of the Ed25519 key with which ``service`` signs, made now if missing."""
    path = hub.secrets / f"{service}-signing-key.pem"
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def database_url(hub: Hub, service: str) -> str:
    """Return where a service finds its database, as its own role."""
    role = package_of(service)
    return hub.database_url(service, user=role, password=password(hub, f"database-{service}"))


def superuser_url(hub: Hub, database: str = "postgres") -> str:
    """Return where the hub's own tools find a database, as superuser."""
    secret = password(hub, "database-superuser")
    return hub.database_url(database, user=SUPERUSER, password=secret)


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    unfinished.rename(path)
