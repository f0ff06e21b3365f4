"""Check an export of the ledger away from the hub, with no database and no network.

``python -m connector_gateway.verify_ledger export.jsonl [--roots roots.json] [--keys jwks.json]``
names in Vietnamese the first bad entry of each chain and every signed root that does not hold;
exits 0 where all holds, else 1.
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from getopt import GetoptError, gnu_getopt
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from connector_gateway.domain.roots import public_key
from connector_gateway.verify_ledger.checks import Report, verify
from connector_gateway.verify_ledger.files import KeySet, PublicRoots

M = TypeVar("M", bound=BaseModel)


def main(arguments: Sequence[str]) -> int:
    """Check what the arguments name and say so; return the exit status."""
    source = resources.files("connector_gateway").joinpath("ledger.toml")
    texts: dict[str, str] = tomllib.loads(source.read_text(encoding="utf-8"))
    try:
        options, files = gnu_getopt([*arguments], "", ["roots=", "keys="])
        (export,) = files
    except (GetoptError, ValueError):
        sys.stderr.write(f"{texts['usage']}\n")
        return 1
    asked = dict(options)
    report = Report()
    roots = _read(PublicRoots, asked.get("--roots"), "not-roots", report)
    keys = _read(KeySet, asked.get("--keys"), "not-keys", report)
    if report.holds:
        try:
            report = verify(
                Path(export),
                [item.day_root for item in roots.items] if roots else [],
                {one.kid: public_key(one.kid, one.x) for one in keys.keys} if keys else None,
            )
        except OSError:
            report.add("unreadable", file=export)
        except ValueError:
            report.add("not-keys", file=asked.get("--keys"))
    said = [*_told(texts, report, with_roots=bool(roots), with_keys=bool(keys)), ""]
    sys.stdout.write("\n".join(said))
    return 0 if report.holds else 1


def _read(kind: type[M], name: str | None, why: str, report: Report) -> M | None:
    if name is None:
        return None
    try:
        return kind.model_validate_json(Path(name).read_bytes())
    except OSError:
        report.add("unreadable", file=name)
    except ValidationError:
        report.add(why, file=name)
    return None


def _told(
    texts: Mapping[str, str], report: Report, *, with_roots: bool, with_keys: bool
) -> Iterator[str]:
    broken = {one.chain: one for one in report.breaches}
    for chain in sorted({*report.seen, *broken}):
        if one := broken.get(chain):
            yield texts[one.why].format(chain=chain, index=one.index)
        else:
            yield texts["chain-holds"].format(chain=chain, entries=report.seen[chain])
    for why, blanks in report.flaws:
        yield texts[why].format_map(blanks)
    if not report.holds:
        yield texts["fails"].format(breaches=len(broken) + len(report.flaws))
        return
    if not with_keys:
        yield texts["keys-inside"].format(kid=", ".join(report.kids))
    if not with_roots:
        yield texts["no-public-roots"]
    yield texts["holds"].format(
        entries=sum(report.seen.values()),
        chains=len(report.seen),
        roots=report.roots,
        until=report.until,
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a real stream here
    sys.exit(main(sys.argv[1:]))
