"""A flag is decided once, as the table of moves has it."""

from datetime import datetime

import pytest

from chassis.clock import ZONE
from chassis.identifiers import new_id
from connector_gateway.domain.flags import FLAG_MOVES, Flag, FlagState
from connector_gateway.domain.suspensions import Person
from connector_gateway.errors.flags import FlagDecided

NOW = datetime(2026, 8, 21, 9, tzinfo=ZONE)
SOMEBODY = Person("an", "An")


@pytest.mark.parametrize("state", FlagState)
def test_only_an_open_flag_is_decided(state: FlagState) -> None:
    moves = FLAG_MOVES[state]
    assert bool(moves) is (state is FlagState.OPEN)
    for to in (FlagState.DISMISSED, FlagState.SUSPENDED):
        flag = Flag(
            id=new_id(),
            connection_id=new_id(),
            reason="x",
            flagged_by="a",
            flagged_by_name="A",
            flagged_at=NOW,
            state=state,
        )
        try:
            if to is FlagState.DISMISSED:
                flag.dismiss("không có rủi ro", SOMEBODY, now=NOW)
            else:
                flag.led_to(new_id(), "rủi ro", SOMEBODY, now=NOW)
        except FlagDecided:
            assert to not in moves
        else:
            assert flag.state is to in moves
