"""``make chaos N=1000 [SEED=7]``: storm after storm over one hub, until one breaks a promise."""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.run import Run, a_run, last_look
from tests.chaos.storm import storm
from tests.support.hub import a_hub


def main() -> int:
    """Run the storms and say what they came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many storms")
    parser.add_argument("seed", type=int, nargs="?", default=1, help="the first seed")
    asked = parser.parse_args()
    hub = a_hub(Path(tempfile.mkdtemp(prefix="chaos-")) / "home")
    try:
        started = hub.run("up", "--scenario", "load")
        if started.returncode:
            sys.stderr.write(started.stdout + started.stderr)
            return 1
        with a_run(hub, hub.hub.logs) as run:
            return asyncio.run(_storms(run, asked.count, asked.seed))
    finally:
        hub.run("down")


async def _storms(run: Run, count: int, first: int) -> int:
    for seed in range(first, first + count):
        weather = await storm(run, seed, run.hub.hub.logs, is_long=True)
        told = Counter(one.told.value for one in weather.operations)
        say = f"seed {seed}: {', '.join(weather.faults)}; {dict(told)}"
        sys.stdout.write(f"{say}\n")
        if weather.breaches:
            return _broken(run, f"seed {seed}", weather.breaches)
    left = await last_look(run)
    return _broken(run, f"seeds {first} to {first + count - 1}", left) if left else 0


def _broken(run: Run, seeds: str, breaches: Sequence[str]) -> int:
    sys.stdout.write("\n".join([f"BROKEN PROMISE, {seeds}", *breaches, ""]))
    sys.stdout.write(f"journal and logs: {run.hub.hub.logs}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
