"""The competent authority's system: takes signed deliveries and checks their signatures.

It stands outside the hub and speaks the real protocol (Standard Webhooks, ed25519).
"""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass
class Authority:
    """What has arrived: by webhook id, whether a key of the hub signed it."""

    keys: list[Ed25519PublicKey]
    arrived: dict[str, bool] = field(default_factory=dict)

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Check and keep a delivery."""
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        signatures = [
            base64.b64decode(one.partition(",")[2])
            for one in headers["webhook-signature"].split()
            if one.startswith("v1a,")
        ]
        self.arrived[headers["webhook-id"]] = any(
            _is_signed(key, signature, said) for key in self.keys for signature in signatures
        )


@contextmanager
def listening(origin: str, port: int) -> Iterator[Authority]:
    """Listen for deliveries while the block lasts."""
    members = httpx.get(f"{origin}/.well-known/jwks.json", timeout=10).json()["keys"]
    authority = Authority([_key(one["x"]) for one in members])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            authority.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Leave the terminal to the demonstration."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _key(x: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "=="))


def _is_signed(key: Ed25519PublicKey, signature: bytes, said: bytes) -> bool:
    try:
        key.verify(signature, said)
    except InvalidSignature:
        return False
    return True
