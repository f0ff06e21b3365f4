"""How a partner signs a push (RFC 9421, RFC 9530), written from the standards and no library.

``await partner.push(body, **signed(partner, body))`` sends a signed push.
"""

import base64
import hashlib
import time
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.partner import Partner

COVERED = ("@method", "@target-uri", "content-digest")


def digest_of(body: bytes) -> str:
    """Return the ``Content-Digest`` of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signed(
    partner: Partner,
    body: bytes,
    *,
    covered: Sequence[str] = COVERED,
    created: int | None = None,
    keyid: str | None = None,
    **said: Any,
) -> dict[str, str]:
    """Return the headers of a signed push; ``said`` replaces the value of a component."""
    origin = str(partner.client.base_url).rstrip("/")
    values = {
        "method": "POST",
        "target_uri": origin + partner.deliveries,
        "path": partner.deliveries,
        "content_digest": digest_of(body),
        **said,
    }
    names = " ".join(f'"{name}"' for name in covered)
    moment = int(time.time()) if created is None else created
    params = f'({names});created={moment};keyid="{keyid or partner.key.kid}"'
    lines = [f'"{name}": {values[name.strip("@").replace("-", "_")]}' for name in covered]
    base = "\n".join([*lines, f'"@signature-params": {params}'])
    key = partner.key.private_key
    assert isinstance(key, Ed25519PrivateKey)
    signature = base64.b64encode(key.sign(base.encode())).decode()
    return {
        "content_digest": values["content_digest"],
        "signature_input": f"sig1={params}",
        "signature": f"sig1=:{signature}:",
    }
