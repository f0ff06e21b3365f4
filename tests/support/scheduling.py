"""Which tests run beside each other: a file stays together, and so do all files on the broker.

The topics of the one broker are everybody's, so its tests may not run in two workers at a time.
pytest-xdist's own ``xdist_group`` has no effect under pytest 9.2 (xdist 3.8 writes the group into a
field that pytest no longer reads).
"""

import functools
import re
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

TESTS = Path(__file__).resolve().parents[1]
BROKER, HUB = "broker", "hub"
ON_THE_BROKER = re.compile(r"\bkafka: str\b|\btests\.support\.kafka\b")
ON_THE_HUB = re.compile(r"\bthe_hub\(|\btown: Town\b")
OWN_HUB = re.compile(r"^from tests\.support\.hub import .*\ba_hub\b", re.MULTILINE)


@functools.cache
def group_of(file: str) -> str:
    """Return the group of a test file: its own, that of the broker, or that of the shared hub."""
    text = (TESTS.parent / file).read_text()
    if ON_THE_HUB.search(text):
        return HUB
    return BROKER if ON_THE_BROKER.search(text) else file


@functools.cache
def is_long(group: str) -> bool:
    """Say whether a group runs for minutes: on the broker, on the shared hub, or on its own hub."""
    return group in (BROKER, HUB) or bool(OWN_HUB.search((TESTS.parent / group).read_text()))


class ByFileAndBroker(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Gives whole groups to workers: those that run for minutes first, then the largest."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.split("::")[0])

    def _assign_work_unit(self, node: Any) -> None:
        first = max(self.workqueue, key=lambda group: (is_long(group), len(self.workqueue[group])))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
