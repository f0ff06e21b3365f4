"""``make chaos N=1000 [SEED=7]``: storm after storm over one hub, until one breaks a promise."""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.chaos.storm import storm
from tests.support.hub import RunningHub, a_hub


def main() -> int:
    """Run the storms and say what they came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many storms")
    parser.add_argument("seed", type=int, nargs="?", default=1, help="the first seed")
    asked = parser.parse_args()
    hub = a_hub(Path(tempfile.mkdtemp(prefix="chaos-")) / "home")
    started = hub.run("up", "--scenario", "volume")
    if started.returncode:
        sys.stderr.write(started.stdout + started.stderr)
        return 1
    try:
        return asyncio.run(_storms(hub, asked.count, asked.seed))
    finally:
        hub.run("down")


async def _storms(hub: RunningHub, count: int, first: int) -> int:
    for seed in range(first, first + count):
        weather = await storm(hub, seed, hub.hub.logs)
        told = Counter(one.told.value for one in weather.operations)
        say = f"seed {seed}: {', '.join(weather.faults)}; {dict(told)}"
        sys.stdout.write(f"{say}\n")
        if weather.breaches:
            sys.stdout.write("\n".join(["BROKEN PROMISE", *weather.breaches, ""]))
            sys.stdout.write(f"journal and logs: {hub.hub.logs}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
