"""Force majeure for the whole system (Điều 8.1b), declared and ended where the portal is down.

``declare`` puts a page into the running gateway at once and ``end`` takes it away; neither needs a
service. ``settle`` orders the suspension, and its lift, in the database as soon as that is there;
until then the declaration waits on disk with the moment at which it was made.
"""

import fcntl
import getpass
import html
import json
import os
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from contracts.calendar import ZONE
from deploy.local.layout import ROOT, Hub
from deploy.local.parts import service_environment

TEXTS = ROOT / "deploy" / "gateway"
PAGE, PROBLEM = "declared.html", "declared.json"
STANDING = "standing.json"
NOT_YET = 75
"""What the order ends with while its database cannot be reached (EX_TEMPFAIL)."""
PATIENCE = 20.0


class Refused(Exception):
    """What was asked makes no sense now; the text says why."""


@dataclass(frozen=True)
class Declaration:
    """A declaration and its course; moments are ISO 8601 with offset."""

    reason: str
    by: str
    declared_at: str
    expected_end: str | None = None
    suspension: str | None = None
    """The order in the hub; None while it waits for the database."""
    remedy: str | None = None
    ended_at: str | None = None
    ended_by: str | None = None
    held: str = "all"
    is_settled: bool = False
    """Whether the hub knows all of it."""


def declare(hub: Hub, reason: str, expected_end: datetime | None, *, now: datetime) -> Declaration:
    """Show the declaration to everyone from now on; raises ``Refused``."""
    hub.make_folders()
    if not reason.strip():
        raise Refused("A declaration needs a reason that the public may read: REASON=…")
    if expected_end and expected_end <= now:
        raise Refused("The expected end lies in the past.")
    end = expected_end.astimezone(ZONE).isoformat() if expected_end else None
    made = Declaration(reason.strip(), getpass.getuser(), now.isoformat(), end)
    with _alone(hub):
        if standing(hub):
            raise Refused("A declaration stands already; `make resume-system REMEDY=…` ends it.")
        _keep(hub, made)
        _show(hub, made)
    return made


def end(hub: Hub, remedy: str, held: str, *, now: datetime) -> Declaration:
    """Take the declaration down; raises ``Refused``."""
    if not remedy.strip():
        raise Refused("Ending it needs a remedy that the public may read: REMEDY=…")
    with _alone(hub):
        there = standing(hub)
        if there is None or there.ended_at:
            raise Refused("No declaration stands.")
        ended = replace(
            there,
            remedy=remedy.strip(),
            ended_at=now.isoformat(),
            ended_by=getpass.getuser(),
            held=held,
            is_settled=False,
        )
        _keep(hub, ended)
        for name in (PROBLEM, PAGE):
            (hub.declarations / name).unlink(missing_ok=True)
    return ended


def standing(hub: Hub) -> Declaration | None:
    """Return the declaration that stands, or that the hub does not know all of yet."""
    path = hub.declarations / STANDING
    return Declaration(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def settle(hub: Hub) -> Declaration | None:
    """Order in the database what was declared and ended; return the declaration as it is then.

    What cannot be ordered yet waits for the next call. Raises ``Refused`` where the hub says no.
    """
    there = standing(hub)
    if there is None or there.is_settled:
        return there
    answer = subprocess.run(
        [sys.executable, "-m", "connector_gateway.force_majeure"],
        cwd=ROOT,
        env={**os.environ, **service_environment(hub, "connector-gateway")},
        input=json.dumps(asdict(there) | {"evidence": _texts()["evidence"]}),
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    if answer.returncode == NOT_YET:
        return there
    if answer.returncode:
        raise Refused(answer.stderr.strip()[-2000:])
    with _alone(hub):
        current = standing(hub) or there
        # Ended meanwhile: the next call tells the hub of that too.
        known = replace(
            current, suspension=answer.stdout.strip() or None, is_settled=current == there
        )
        _keep(hub, known)
        if known.is_settled and known.ended_at:
            day = known.declared_at.replace(":", "")
            (hub.declarations / STANDING).rename(hub.declarations / f"ended-{day}.json")
    return known


@contextmanager
def _alone(hub: Hub) -> Iterator[None]:
    """Let one process at a time change what stands."""
    with (hub.declarations / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(hub: Hub, declaration: Declaration) -> None:
    text = json.dumps(asdict(declaration), ensure_ascii=False, indent=2)
    _write(hub.declarations / STANDING, text + "\n")


def _show(hub: Hub, declaration: Declaration) -> None:
    texts = _texts()
    said = {
        "reason": declaration.reason.rstrip("."),
        "since": _in_words(declaration.declared_at),
        "end": _in_words(declaration.expected_end) or texts["open-end"],
    }
    page = string.Template((TEXTS / PAGE).read_text(encoding="utf-8"))
    blanks = {name: html.escape(text) for name, text in said.items()}
    _write(hub.declarations / PAGE, page.substitute(blanks, title=texts["title"]))
    problem = {
        "type": "/problems/connection-suspended",
        "title": texts["title"],
        "status": 503,
        "detail": texts["detail"].format(**said),
        "ground": "FORCE_MAJEURE",
        "notice": "/notices",
        "since": declaration.declared_at,
        "expected_end": declaration.expected_end,
        "epoch": None,
    }
    _write(hub.declarations / PROBLEM, json.dumps(problem, ensure_ascii=False, indent=2))


def _in_words(moment: str | None) -> str:
    if moment is None:
        return ""
    return datetime.fromisoformat(moment).astimezone(ZONE).strftime("%H:%M ngày %d/%m/%Y")


def _texts() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads((TEXTS / "declared.toml").read_text(encoding="utf-8"))
    return found


def _write(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(path)
