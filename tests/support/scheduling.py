"""Which tests run beside each other: a file stays together, and so do all files on the broker.

The topics of the one broker are everybody's, so its tests may not run in two workers at a time.
pytest-xdist's own ``xdist_group`` has no effect under pytest 9.2 (xdist 3.8 writes the group into a
field that pytest no longer reads).
"""

import functools
import re
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

TESTS = Path(__file__).resolve().parents[1]
ON_THE_BROKER = re.compile(r"\bkafka: str\b|\btests\.support\.kafka\b")


@functools.cache
def group_of(file: str) -> str:
    """Return the group of a test file: its own, that of the broker, or that of the shared hub."""
    text = (TESTS.parent / file).read_text()
    if "the_hub(" in text:
        return "hub"
    return "broker" if ON_THE_BROKER.search(text) else file


class ByFileAndBroker(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Gives whole groups to workers, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.split("::")[0])
