"""``python -m tests.bench W1,W2``: run workloads, show a table, append to ``bench.jsonl``.

Ends with 1 where work was lost or doubled, never because of time.
"""

import logging
import sys
from collections.abc import Callable, Coroutine
from itertools import groupby
from typing import Any

import uvloop
from rich.console import Console

from deploy.local.layout import hub_from_environment
from tests.bench import backbone, growth, ingest, suspension, webhooks
from tests.bench.results import Results
from tests.bench.stage import Stage, open_stage

WORKLOADS: dict[str, Callable[[Stage, Results], Coroutine[Any, Any, None]]] = {
    "W1": ingest.measure,
    "W2": suspension.measure,
    "W5": backbone.measure,
    "W7": growth.measure,
    "W8": webhooks.measure,
}
REPLICAS = {"W2": suspension.WORKERS}
"""Processes of connector-gateway, where a workload asks for more than one."""
LONG: dict[str, Callable[[Stage, Results], Coroutine[Any, Any, None]]] = {
    "W1-long": ingest.endure,
    "W5-million": backbone.drain_a_million,
}
"""Workloads of many minutes, run only where they are named."""


def main(asked: str) -> int:
    """Run the workloads that ``asked`` names, all when it names none."""
    console = Console(highlight=False)
    names = [name.strip() for name in asked.split(",") if name.strip()] or list(WORKLOADS)
    known = WORKLOADS | LONG
    unknown = set(names) - set(known)
    if unknown:
        console.print(f"Unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
        return 2
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader at first
    results = Results()
    console.print("The hub of the bench starts and is filled …")
    try:
        for replicas, together in groupby(names, key=lambda name: REPLICAS.get(name, 1)):
            with open_stage(replicas) as stage:
                for name in together:
                    console.print(f"{name} …")
                    uvloop.run(known[name](stage, results))
    finally:
        results.write(hub_from_environment().home / "bench.jsonl")
        results.show(console)
    return 1 if results.faults else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
