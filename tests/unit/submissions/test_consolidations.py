"""A consolidation before any database: its traces, and the moves it may make."""

import pytest

from chassis.errors import Conflict
from chassis.identifiers import new_id
from submissions.commands.consolidations import Addition, ConsolidationOrder
from submissions.domain.consolidations import Consolidation, ConsolidationState
from submissions.domain.totals import UnitCells
from submissions.queries.consolidations import UnitReport
from tests.support.builders_figures import CUT_OFF, NOW, PERIOD, REGIME

STATES = list(ConsolidationState)


def reports(*traces: str | None) -> list[UnitReport]:
    """Return accepted reports whose versions carry these traces."""
    figures = UnitCells(None, None, {"1:c2": "5"})
    return [
        UnitReport(new_id(), f"{at:05}", 1, CUT_OFF, figures, trace)
        for at, trace in enumerate(traces)
    ]


def test_a_consolidation_links_to_each_trace_of_its_versions_once() -> None:
    addition = Addition(ConsolidationOrder(REGIME, PERIOD), reports("b", None, "a", "b"))
    assert addition.traces == ["b", "a"]


def test_a_consolidation_links_to_no_more_traces_than_a_span_may_carry() -> None:
    addition = Addition(ConsolidationOrder(REGIME, PERIOD), reports(*map(str, range(300))))
    assert len(addition.traces) == 200


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ["supersede", "forward"])
def test_only_a_consolidation_that_stands_and_was_not_forwarded_moves(
    state: ConsolidationState, act: str
) -> None:
    found = Consolidation.model_construct(regime=REGIME, period=PERIOD, state=state)
    moves = {
        "supersede": found.supersede,
        "forward": lambda: found.forward(b"%PDF", by="reviewer", now=NOW),
    }
    if state is ConsolidationState.COMPLETED:
        moves[act]()
        assert found.state == {"supersede": "superseded", "forward": "forwarded"}[act]
    else:
        with pytest.raises(Conflict):
            moves[act]()
