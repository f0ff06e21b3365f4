"""How soon suspensions took effect, and what reached whom in the meantime."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.results import Results, percentile

W = "W2"
A_SECOND = {"stopped": 150, "other": 50}
"""Both of pushes and of dispatches."""
RATED = 1.0
"""Seconds before the order, in which both directions run at their rate."""


@dataclass
class Times:
    """What each round took, in milliseconds from the moment the order was sent."""

    ordered: list[float] = field(default_factory=list)
    """Until the order was answered: it has committed."""
    effect: list[float] = field(default_factory=list)
    """Until the last push that was accepted had been answered: from then on all are refused."""
    effect_of_commit: list[float] = field(default_factory=list)
    """The same, from the commit on."""
    accepted: list[float] = field(default_factory=list)
    """Until the last push was accepted: until its receipt committed, by the database's clock."""
    refused: list[float] = field(default_factory=list)
    """Until the first refusal reached the caller."""
    last_out: list[float] = field(default_factory=list)
    """Until the last delivery reached the receiver, by the receiver's clock."""
    last_out_of_commit: list[float] = field(default_factory=list)
    """The same, from the commit on."""
    committed: list[float] = field(default_factory=list)
    """Until the order committed, by the database's clock."""
    noticed: list[float] = field(default_factory=list)
    """Until the public could read the notice."""
    mailed: list[float] = field(default_factory=list)
    """Until the owner had a mail."""
    pushes: int = 0
    came_in: int = 0
    went_out: int = 0
    """Accepted and arrived in the second before each order."""
    accepted_late: int = 0
    started_late: int = 0
    came_late: int = 0
    """Deliveries claimed before the commit that came after the order had been answered."""


def say(results: Results, times: Times, used: dict[str, float]) -> None:
    """Tell of every round, and what a request cost in and out."""
    asked, rated = sum(A_SECOND.values()), RATED * len(times.ordered)
    results.add(W, "requests/s in, before the order", times.came_in / rated, asked)
    results.add(W, "deliveries/s out, before the order", times.went_out / rated, asked)
    results.add(W, "accepted after the commit", times.accepted_late)
    results.add(W, "started after the commit", times.started_late)
    results.add(W, "claimed before, came after the answer", times.came_late)
    for share in (0.5, 0.99):
        name = f"p{share * 100:.0f}"
        for what, took, limit in _rows(times):
            results.add(W, f"{what} {name} ms", percentile(took, share), limit)
    for part, seconds in sorted(used.items(), key=lambda pair: -pair[1]):
        if seconds > 0.01 * sum(used.values()):
            results.add(W, f"CPU ms a request in and out: {part}", seconds * 1000 / times.pushes)


def _rows(times: Times) -> Sequence[tuple[str, list[float], float | None]]:
    return (
        ("order committed", times.committed, None),
        ("order answered", times.ordered, None),
        ("last push accepted", times.accepted, 50),
        ("in effect, in,", times.effect, 50),
        ("in effect, out,", times.last_out, 50),
        ("in effect, in, from the commit", times.effect_of_commit, 50),
        ("in effect, out, from the commit", times.last_out_of_commit, 50),
        ("first refusal at the caller", times.refused, None),
        ("notice public", times.noticed, 1000),
        ("mail in the mailbox", times.mailed, 5000),
    )
