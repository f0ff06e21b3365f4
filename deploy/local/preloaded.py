"""What the fork server imports once, so that every copy of it has it already (``forked.py``).

Nobody imports this but Python's fork server, before it forks.
"""

import gc
import importlib
import signal

import uvicorn  # noqa: F401 - what the copies serve with

from deploy.local.layout import WEB, package_of
from deploy.local.processes import bind_to_parent

# The copies hold the pipe on which it waits for our end, so the kernel has to tell it.
bind_to_parent(signal.SIGKILL)
for _name in WEB:
    importlib.import_module(f"{package_of(_name)}.main")
gc.collect()
gc.freeze()  # no collection in a copy writes to pages that all share
