"""Check the proof of a receipt away from the hub, with no database and no network.

``python -m connector_gateway.verify_receipt proof.json jwks.json [body-file]`` says in Vietnamese
whether the proof holds, and that the body is the one that was sent; exits 0 where it holds, else 1.
"""

import hashlib
import json
import sys
import tomllib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, ValidationError

ALGORITHM = "Ed25519"
FACTS = ("receipt", "connection", "sha256", "received_at", "epoch", "ledger_index", "ledger_hash")


class Proof(BaseModel):
    """What the hub gave for a receipt."""

    model_config = ConfigDict(strict=True)

    statement: str
    signature: str
    kid: str
    alg: str


class Key(BaseModel):
    """A public key of the hub (RFC 8037)."""

    kid: str
    kty: str
    crv: str
    x: str


class KeySet(BaseModel):
    """The hub's ``jwks.json`` (RFC 7517)."""

    keys: list[Key]


class ProofFails(Exception):
    """The proof does not hold: the name of the sentence that says why, and its blanks."""

    def __init__(self, why: str, **blanks: object) -> None:
        super().__init__(why)
        self.why = why
        self.blanks = blanks


def verify(
    proof_json: bytes, key_set_json: bytes, body: bytes | None
) -> tuple[str, dict[str, object]]:
    """Return the key's id and the facts that it signed; raises ``ProofFails``."""
    try:
        proof = Proof.model_validate_json(proof_json)
    except ValidationError as why:
        raise ProofFails("not-a-proof") from why
    try:
        keys = KeySet.model_validate_json(key_set_json).keys
    except ValidationError as why:
        raise ProofFails("not-a-key-set") from why
    if proof.alg != ALGORITHM:
        raise ProofFails("unknown-algorithm", alg=proof.alg)
    key = next((one for one in keys if one.kid == proof.kid and one.crv == ALGORITHM), None)
    if key is None:
        raise ProofFails("unknown-key", kid=proof.kid)
    _check_signature(proof, key)
    facts = _facts_of(proof.statement)
    if body is not None and (found := hashlib.sha256(body).hexdigest()) != facts["sha256"]:
        raise ProofFails("other-body", found=found, sha256=facts["sha256"])
    return proof.kid, facts


def _check_signature(proof: Proof, key: Key) -> None:
    try:
        public = Ed25519PublicKey.from_public_bytes(_bytes_of(key.x))
    except ValueError as why:
        raise ProofFails("not-a-key-set") from why
    try:
        public.verify(_bytes_of(proof.signature), proof.statement.encode())
    except (InvalidSignature, ValueError) as why:
        raise ProofFails("wrong-signature") from why


def _bytes_of(text: str) -> bytes:
    """Read base64url; raises ``ValueError`` for any but the one way of writing the bytes."""
    found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(found).rstrip(b"=").decode() != text:
        raise ValueError(text)
    return found


def _facts_of(statement: str) -> dict[str, object]:
    """Return what was signed; a root of the ledger or a token is signed too, but is no receipt."""
    try:
        facts = json.loads(statement)
    except ValueError as why:
        raise ProofFails("not-a-proof") from why
    if not isinstance(facts, dict) or not facts.keys() >= set(FACTS):
        raise ProofFails("not-a-proof")
    return facts


def _told(
    texts: Mapping[str, str], kid: str, facts: Mapping[str, object], *, with_body: bool
) -> list[str]:
    counts = facts.get("counts")
    lines = [texts["holds"].format(kid=kid), texts["facts"].format_map(facts)]
    lines.append(texts[f"state-{facts.get('state', 'pending')}"])
    if isinstance(counts, dict):
        lines.append(texts["counts"].format_map(counts))
    if with_body:
        lines.append(texts["same-body"].format_map(facts))
    return lines


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as why:
        raise ProofFails("unreadable", file=name) from why


def main(arguments: Sequence[str]) -> int:
    """Check what the arguments name and say so; return the exit status."""
    source = resources.files("connector_gateway").joinpath("proofs.toml")
    texts: dict[str, str] = tomllib.loads(source.read_text(encoding="utf-8"))
    if not 2 <= len(arguments) <= 3:
        sys.stderr.write(f"{texts['usage']}\n")
        return 1
    try:
        proof, keys, *body = map(_read, arguments)
        kid, facts = verify(proof, keys, body[0] if body else None)
    except ProofFails as why:
        said = texts[why.why].format_map(why.blanks)
        sys.stdout.write(f"{texts['fails'].format(why=said)}\n")
        return 1
    sys.stdout.write("\n".join([*_told(texts, kid, facts, with_body=bool(body)), ""]))
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a real stream here
    sys.exit(main(sys.argv[1:]))
