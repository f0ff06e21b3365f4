"""``python -m tests.bench W1,W2,W5``: run workloads on the hub, the volume scenario loaded."""

import asyncio
import subprocess
import sys

from rich.console import Console

from deploy.local.layout import ROOT, hub_from_environment
from tests.bench import workloads
from tests.bench.report import Figure, keep, show

WORKLOADS = {"W1": workloads.w1, "W2": workloads.w2, "W5": workloads.w5}


def main(names: list[str]) -> int:
    """Run the workloads; fail on lost or doubled work, never on time."""
    console = Console()
    hub = hub_from_environment()
    if {"W1", "W2"} & set(names):
        command = [sys.executable, "-m", "deploy.local", "up", "--scenario", "volume"]
        subprocess.run(command, cwd=ROOT, check=True)
    found: list[Figure] = []
    for name in names:
        console.print(f"{name}: {(WORKLOADS[name].__doc__ or '').splitlines()[0]}")
        try:
            found += asyncio.run(WORKLOADS[name](hub))
        except workloads.WorkLost as why:
            console.print(f"WORK LOST: {why}", style="bold red")
            return 1
    show(found, console)
    hub.home.mkdir(parents=True, exist_ok=True)
    keep(found, hub.home / "bench.jsonl")
    return 0


if __name__ == "__main__":
    sys.exit(main((sys.argv[1] if len(sys.argv) > 1 else ",".join(WORKLOADS)).split(",")))
