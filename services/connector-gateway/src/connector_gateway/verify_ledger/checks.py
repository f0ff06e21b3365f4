"""What is checked of an export: signatures first, then every chain (``LEDGER.md`` §5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from connector_gateway.domain.ledger import Breach, Check, Head, Heads, Link
from connector_gateway.domain.roots import (
    DayRoot,
    Keys,
    Seal,
    digest_of,
    midnight_after,
    public_key,
)
from connector_gateway.verify_ledger.files import (
    ENTRIES,
    ENTRY,
    LINES,
    End,
    EndLine,
    EntryLine,
    KeyLine,
    RootLine,
    bytes_of,
    parsed,
)


@dataclass
class Report:
    """What was found; ``flaws`` are sentences with their blanks, beside those about entries."""

    breaches: list[Breach] = field(default_factory=list)
    flaws: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    roots: int = 0
    until: datetime | None = None
    kids: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Say whether nothing was found."""
        return not self.breaches and not self.flaws

    def add(self, why: str, **blanks: object) -> None:
        """Note a flaw that is no entry's."""
        self.flaws.append((why, blanks))


@dataclass
class Pieces:
    """An export without its entries."""

    entries: int = 0
    roots: list[DayRoot] = field(default_factory=list)
    keys: dict[str, Ed25519PublicKey] = field(default_factory=dict)
    end: EndLine | None = None
    """Where it is the last line, and the only one of its kind."""


def verify(
    export: Path, public_roots: Sequence[DayRoot] = (), trusted: Keys | None = None
) -> Report:
    """Check an export; ``trusted`` keys stand instead of those that it brings along.

    It is read twice, so that its size is no matter: what is signed first, then the entries.
    """
    report = Report()
    pieces = _pieces(export, report)
    if pieces.end is None:
        report.add("no-end")
        return report
    try:
        end = End.model_validate_json(pieces.end.statement)
    except ValidationError:
        report.add("end-altered")
        return report
    keys = pieces.keys if trusted is None else trusted
    report.kids = sorted({pieces.end.kid, *(root.seal.kid for root in pieces.roots)})
    report.roots, report.until = len(pieces.roots), end.until
    signed = [*_signed_roots(pieces.roots, end, keys, report)]
    if _end_holds(pieces.end, pieces, end, keys, report):
        signed.append({name: Head(n, bytes_of(hash)) for name, (n, hash) in end.heads.items()})
    _compare(pieces.roots, public_roots, end, keys, report)
    check = Check(_start(pieces.roots, end), signed)
    check.see(_links(export))
    report.breaches, report.seen = check.breaches(), dict(check.seen)
    return report


def _pieces(export: Path, report: Report) -> Pieces:
    pieces = Pieces()
    ends = 0
    with export.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            pieces.end = None
            match parsed(ENTRIES, raw) if ENTRY in raw else parsed(LINES, raw):
                case EntryLine():
                    pieces.entries += 1
                case RootLine() as root:
                    pieces.roots.append(root.day_root)
                case KeyLine() as key:
                    pieces.keys[key.kid] = public_key(key.kid, key.x)
                case EndLine() as end:
                    pieces.end = end
                    ends += 1
                case _:
                    report.add("line", number=number)
    if ends > 1:
        pieces.end = None
    return pieces


def _links(export: Path) -> Iterator[Link]:
    with export.open("rb") as file:
        for raw in file:
            line = parsed(ENTRIES, raw) if ENTRY in raw else None
            if line:
                yield line.link


def _signed_roots(
    roots: Sequence[DayRoot], end: End, keys: Keys, report: Report
) -> Iterator[Heads]:
    for root in roots:
        if why := root.flaw(keys):
            report.add(f"root-{why}", day=root.day)
        elif root.day != end.opening:
            yield root.heads


def _end_holds(line: EndLine, pieces: Pieces, end: End, keys: Keys, report: Report) -> bool:
    why = Seal(digest_of(line.statement), line.kid, bytes_of(line.signature)).flaw(keys)
    if (pieces.entries, len(pieces.roots)) != (end.entries, end.roots):
        why = why or "altered"
    if why:
        report.add(f"end-{why}")
    return why is None


def _start(roots: Sequence[DayRoot], end: End) -> Heads:
    return next((root.heads for root in roots if root.day == end.opening), {})


def _compare(
    roots: Sequence[DayRoot],
    public_roots: Sequence[DayRoot],
    end: End,
    keys: Keys,
    report: Report,
) -> None:
    """Hold the roots of the export against those that were made public in time."""
    found = {root.day: root.seal.root for root in roots}
    for root in public_roots:
        is_covered = root.day >= (end.opening or date.min) and (
            root.day == end.opening or midnight_after(root.day) <= end.until
        )
        if why := root.flaw(keys):
            report.add(f"root-{why}", day=root.day)
        elif is_covered and found.get(root.day) != root.seal.root:
            report.add("root-contradicted", day=root.day)
