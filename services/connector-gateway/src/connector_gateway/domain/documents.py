"""The documents of a forwarded report: JSON and PDF, told by digest in what is signed (Điều 7.4).

The signed webhook carries the SHA-256 of both; what a receiver fetches later is held to it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from connector_gateway.domain.ledger import canonical

API = "/api/connector-gateway/v1"
PDF, JSON = "application/pdf", "application/json"


def documents_of(
    facts: Mapping[str, Any], *, connection: str, dispatch: UUID
) -> list[dict[str, str]]:
    """Return what the webhook says of the documents of a forwarded report, JSON first.

    ``href`` is a path below the hub's origin, for the token of this connection.
    """
    place = f"{API}/connections/{connection}/dispatches/{dispatch}/document"
    text = canonical(dict(facts)).encode()
    return [
        {"media_type": JSON, "sha256": hashlib.sha256(text).hexdigest(), "href": f"{place}.json"},
        {"media_type": PDF, "sha256": str(facts["sha256"]), "href": f"{place}.pdf"},
    ]


def json_of(payload: bytes) -> tuple[bytes, str]:
    """Return the JSON document of a dispatch and the digest that was signed for it.

    It is the facts of the forwarded report with sorted keys and no spaces, in UTF-8.
    """
    facts = dict(orjson.loads(payload)["data"])
    digest = _digest(facts.pop("documents"), JSON)
    return canonical(facts).encode(), digest


def pdf_digest_of(payload: bytes) -> str:
    """Return the digest that was signed for the PDF of a dispatch."""
    return _digest(orjson.loads(payload)["data"]["documents"], PDF)


def _digest(documents: list[dict[str, str]], media_type: str) -> str:
    return next(one["sha256"] for one in documents if one["media_type"] == media_type)
