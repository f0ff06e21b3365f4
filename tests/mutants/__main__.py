"""``make mutants``: write each fault of mutants.toml into a copy and see its tests fail."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "contracts/src",
    "chassis/src",
    *(
        f"services/{name}/src"
        for name in (
            "accounts",
            "catalog",
            "submissions",
            "notifications",
            "connector-gateway",
            "portal",
        )
    ),
)
COPIED = ("contracts", "chassis", "services", "deploy", "tests", "pyproject.toml")


@dataclass(frozen=True)
class Mutant:
    """A fault: where it would be written, and which tests catch it."""

    name: str
    file: str
    find: str
    replace: str
    tests: Sequence[str]

    def text(self) -> str:
        """Return the file with the fault; raises ``ValueError`` where its place is gone."""
        source = (ROOT / self.file).read_text(encoding="utf-8")
        if source.count(self.find) != 1:
            raise ValueError(f"{self.name}: stands {source.count(self.find)} times in {self.file}")
        return source.replace(self.find, self.replace)


def mutants() -> list[Mutant]:
    """Return every fault of the table."""
    table = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text(encoding="utf-8"))
    return [Mutant(**row) for row in table["mutant"]]


def is_caught(mutant: Mutant, copy: Path) -> bool:
    """Say whether the tests fail on a copy with the fault."""
    changed = copy / mutant.file
    whole = changed.read_text(encoding="utf-8")
    changed.write_text(mutant.text(), encoding="utf-8")
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "--timeout=90", *mutant.tests],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(copy / one) for one in SOURCES)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        changed.write_text(whole, encoding="utf-8")
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"{mutant.name}: pytest could not run\n{ended.stdout}{ended.stderr}")
    return ended.returncode == 1


def main() -> int:
    """Try every fault; say which ones live."""
    alive = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy)
        (copy / ".cache").symlink_to(ROOT / ".cache")
        (copy / ".venv").symlink_to(ROOT / ".venv")
        for mutant in mutants():
            caught = is_caught(mutant, copy)
            sys.stdout.write(f"{'caught' if caught else 'ALIVE '}  {mutant.name}\n")
            sys.stdout.flush()
            if not caught:
                alive.append(mutant.name)
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
