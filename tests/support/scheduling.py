"""Which tests run beside each other: a file stays together, and so do all files on the shared hub.

pytest-xdist's own ``xdist_group`` has no effect under pytest 9.2 (xdist 3.8 writes the group into a
field that pytest no longer reads).
"""

import functools
import os
import re
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

TESTS = Path(__file__).resolve().parents[1]
HUB = "hub"
ON_THE_BROKER = re.compile(r"\bkafka: str\b|\btests\.support\.kafka\b")
ON_THE_HUB = re.compile(r"\bthe_hub\(|\btown: Town\b")
OWN_HUB = re.compile(r"^from tests\.support\.hub import .*\ba_hub\b", re.MULTILINE)


@functools.cache
def group_of(file: str) -> str:
    """Return the group of a test file: its own, or that of the shared hub."""
    return HUB if ON_THE_HUB.search((TESTS.parent / file).read_text()) else file


def leaves_the_hub(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Say whether ``item`` was the last test on the shared hub; only a worker of many knows."""
    if "PYTEST_XDIST_WORKER" not in os.environ or following is None:
        return False
    groups = [group_of(one.nodeid.split("::")[0]) for one in (item, following)]
    return groups[0] == HUB != groups[1]


@functools.cache
def length_of(group: str) -> int:
    """Say how long a group runs: with a hub 2 (minutes), on the broker 1, otherwise 0."""
    if group == HUB or OWN_HUB.search(text := (TESTS.parent / group).read_text()):
        return 2
    return 1 if ON_THE_BROKER.search(text) else 0


class LongestFirst(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Gives whole groups to workers: those that run longest first, then the largest."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.split("::")[0])

    def _assign_work_unit(self, node: Any) -> None:
        first = max(self.workqueue, key=lambda name: (length_of(name), len(self.workqueue[name])))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
