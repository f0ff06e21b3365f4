"""A stranger's check of an export, written from ``LEDGER.md`` alone: nothing here is the hub's.

``found = check(export, public_roots)`` names what does not hold, by the words of that page:
``found["qg-tthc"] == (7, "changed")``, ``found["root 2026-11-23"]``, ``found["end"]``.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MEMBERS = {
    "entry": {"line", "chain", "index", "at", "entry", "hash"},
    "root": {"line", "day", "statement", "root", "kid", "signature"},
    "key": {"line", "kid", "kty", "crv", "x"},
    "end": {"line", "statement", "kid", "signature"},
}
Line = dict[str, Any]
Found = dict[str, Any]


def check(export: Path, public: Sequence[dict[str, str]] = ()) -> Found:
    """Return what does not hold, by place."""
    found: Found = {}
    lines = lines_of(export.read_bytes(), found)
    ends = [line for line in lines if line["line"] == "end"]
    if len(ends) != 1 or lines[-1] is not ends[0]:
        return found | {"end": "missing"}
    end = read(ends[0]["statement"].encode())
    if end is None or end.get("export") != 1:
        return found | {"end": "altered"}
    keys = {line["kid"]: line["x"] for line in lines if line["line"] == "key"}
    entries = [line for line in lines if line["line"] == "entry"]
    roots = [line for line in lines if line["line"] == "root"]
    stated = [root_heads(root, keys, found) for root in roots if root["day"] != end["opening"]]
    opening = [root for root in roots if root["day"] == end["opening"]]
    for root in opening:
        root_heads(root, keys, found)
    start = (read(opening[0]["statement"].encode()) or {}).get("heads", {}) if opening else {}
    if (len(entries), len(roots)) != (end["entries"], end["roots"]):
        found["end"] = "altered"
    elif not is_signed(keys, ends[0], hashlib.sha256(ends[0]["statement"].encode()).digest()):
        found["end"] = "unsigned"
    else:
        stated.append(end["heads"])
    for chain in {line["chain"] for line in entries}.union(*stated):
        follow(chain, [one for one in entries if one["chain"] == chain], start, stated, found)
    for root in public:
        hold_against(root, roots, keys, end, found)
    return found


def lines_of(export: bytes, found: Found) -> list[Line]:
    """Return the lines that can be read."""
    *parts, rest = export.split(b"\n")
    lines = []
    for number, raw in enumerate([*parts, rest] if rest else parts, start=1):
        line = read(raw) or {}
        is_line = line.keys() == MEMBERS.get(str(line.get("line"))) and number <= len(parts)
        if is_line and (line["line"] != "key" or name_of(line["x"]) == line["kid"]):
            lines.append(line)
        else:
            found[f"line {number}"] = "unreadable"
    return lines


def root_heads(root: Line, keys: dict[str, str], found: Found) -> Line:
    """Return what a root states of every chain; nothing where it does not hold."""
    said = read(root["statement"].encode()) or {}
    digest = hashlib.sha256(root["statement"].encode()).digest()
    if digest.hex() != root["root"] or said.get("day") != root["day"]:
        found[f"root {root['day']}"] = "altered"
    elif not is_signed(keys, root, digest):
        found[f"root {root['day']}"] = "unsigned"
    else:
        heads: Line = said["heads"]
        return heads
    return {}


def read(raw: bytes) -> Line | None:
    """Return what a canonical text says, or None where it is none."""
    try:
        said = json.loads(raw)
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except ValueError:
        return None
    return said if isinstance(said, dict) and text.encode("utf-8", "replace") == raw else None


def name_of(x: str) -> str:
    """Return the thumbprint of a key (RFC 7638)."""
    text = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def is_signed(keys: dict[str, str], line: Line, digest: bytes) -> bool:
    """Say whether a known key signed the digest."""
    if line["kid"] not in keys:
        return False
    try:
        public = base64.urlsafe_b64decode(keys[line["kid"]] + "=")
        signature = bytes.fromhex(line["signature"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, digest)
    except (InvalidSignature, ValueError):
        return False
    return bool(signature.hex() == line["signature"])


def follow(
    chain: str,
    entries: list[Line],
    opening: Line,
    stated: list[Line],
    found: Found,
) -> None:
    """Follow one chain to its first bad entry."""
    index, previous = opening.get(chain, (0, bytes(32).hex()))
    signed = [heads[chain] for heads in stated if chain in heads]
    for line in entries:
        hashes = [head[1] for head in signed if head[0] == index + 1]
        why = flaw(line, index + 1, previous, hashes)
        if why:
            found[chain] = (index + 1, why)
            return
        index, previous = line["index"], line["hash"]
    if signed and index < max(head[0] for head in signed):
        found[chain] = (index + 1, "cut-off" if index else "absent")


def flaw(line: Line, index: int, previous: str, hashes: list[str]) -> str | None:
    """Return why an entry is not the one that belongs here."""
    if line["index"] != index:
        return "missing"
    try:
        said = json.loads(line["entry"])
    except ValueError:
        return "changed"
    if not isinstance(said, dict):
        return "changed"
    if (said.get("chain"), said.get("index")) != (line["chain"], line["index"]):
        return "misplaced"
    text = line["entry"].encode()
    expected = hashlib.sha256(bytes.fromhex(previous) + text).hexdigest()
    is_whole = read(text) is not None and said.get("at") == line["at"]
    if not is_whole or line["hash"] != expected or any(one != expected for one in hashes):
        return "changed"
    return None


def hold_against(
    public: dict[str, str],
    roots: list[Line],
    keys: dict[str, str],
    end: Line,
    found: Found,
) -> None:
    """Hold the export against a root that was made public."""
    day, opening = public["day"], end["opening"]
    if not is_signed(keys, public, bytes.fromhex(public["root"])):
        found[f"root {day}"] = "unsigned"
        return
    midnight = datetime.fromisoformat(f"{date.fromisoformat(day) + timedelta(days=1)}T00:00+07:00")
    is_after = opening is None or day > opening
    is_covered = is_after and midnight <= datetime.fromisoformat(end["until"])
    if is_covered or day == opening:
        kept = [root["root"] for root in roots if root["day"] == day]
        if public["root"] not in kept:
            found[f"root {day}"] = "contradicted"
