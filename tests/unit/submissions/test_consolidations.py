"""A consolidation before any database: its traces, and the moves it may make."""

from collections.abc import Callable

import pytest

from chassis.errors import Conflict
from submissions.commands.consolidations import Addition, ConsolidationOrder
from submissions.domain.consolidations import ConsolidationState
from tests.support.builders_figures import NOW, PERIOD, REGIME
from tests.support.builders_papers import a_consolidation, some_reports

STATES = list(ConsolidationState)


def test_a_consolidation_links_to_each_trace_of_its_versions_once() -> None:
    addition = Addition(ConsolidationOrder(REGIME, PERIOD), some_reports("b", None, "a", "b"))
    assert addition.traces == ["b", "a"]


def test_a_consolidation_links_to_no_more_traces_than_a_span_may_carry() -> None:
    addition = Addition(ConsolidationOrder(REGIME, PERIOD), some_reports(*map(str, range(300))))
    assert len(addition.traces) == 200


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ["superseded", "forwarded"])
def test_only_a_consolidation_that_stands_and_was_not_forwarded_moves(
    state: ConsolidationState, act: str
) -> None:
    found = a_consolidation(state)
    moves: dict[str, Callable[[], None]] = {
        "superseded": found.supersede,
        "forwarded": lambda: found.forward(b"%PDF", by="reviewer", now=NOW),
    }
    if state is ConsolidationState.COMPLETED:
        moves[act]()
        assert found.state == act
    else:
        with pytest.raises(Conflict):
            moves[act]()
