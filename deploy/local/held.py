"""Runs a service as uvicorn does, but imports it first and begins when its input is closed.

Half of a service's start is importing it, and that needs neither database nor broker. So the
supervisor starts services at once, held, and lets go of each when what it needs is ready: the
imports are over by then. As many import at a time as there are cores, so that the servers, which
start beside them, are not kept waiting.

``python -m deploy.local.held catalog.main:app --port=8001`` takes what uvicorn takes.
"""

import fcntl
import importlib
import os
import sys

import uvicorn

from deploy.local.layout import hub_from_environment


def main(target: str, *options: str) -> None:
    """Import ``target`` (``module:factory``), wait until input ends, and serve it."""
    port = next(int(option.partition("=")[2]) for option in options if "--port=" in option)
    turn = port % (os.cpu_count() or 1)  # the ports of a hub follow each other: turns alternate
    with (hub_from_environment().run / f"importing-{turn}").open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        importlib.import_module(target.partition(":")[0])
    sys.stdin.read()
    uvicorn.main([target, *options])


if __name__ == "__main__":
    main(*sys.argv[1:])
