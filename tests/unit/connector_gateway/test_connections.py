"""A connection: which moves people may make, what its epoch does, whom its gate turns away."""

import pytest

from connector_gateway.domain.connections import MOVES, AdminState, Gate
from connector_gateway.errors.connections import (
    ConnectionRevoked,
    DirectionNotOffered,
    MoveNotAllowed,
    TokenOutdated,
)
from contracts.connector_gateway.v1 import Direction
from tests.support.exchange import NOON, a_connection

ALLOWED = {
    "ACTIVE": "SCHEDULED DRAINING SUSPENDED REVOKED",
    "SCHEDULED": "ACTIVE DRAINING SUSPENDED REVOKED",
    "DRAINING": "SUSPENDED REVOKED",
    "SUSPENDED": "RESUMING REVOKED",
    "RESUMING": "ACTIVE DRAINING SUSPENDED REVOKED",
    "REVOKED": "",
}
PAIRS = [(state, to) for state in AdminState for to in AdminState]


@pytest.mark.parametrize(("state", "to"), PAIRS, ids=lambda state: str(state))
def test_a_direction_makes_the_allowed_moves_and_no_other(
    state: AdminState, to: AdminState
) -> None:
    connection = a_connection(inbound=state)
    if to in ALLOWED[state].split():
        connection.move(Direction.INBOUND, to, now=NOON)
        assert connection.inbound_state is to
    else:
        with pytest.raises(MoveNotAllowed):
            connection.move(Direction.INBOUND, to, now=NOON)
        assert connection.inbound_state is state


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(AdminState)


def test_a_move_opens_a_new_epoch_and_leaves_the_other_direction_alone() -> None:
    connection = a_connection(outbound=AdminState.ACTIVE)
    connection.move(Direction.OUTBOUND, AdminState.SUSPENDED, now=NOON)
    assert connection.epoch == 2
    assert connection.inbound_state is AdminState.ACTIVE


def test_a_refused_move_changes_nothing() -> None:
    connection = a_connection(inbound=AdminState.SUSPENDED)
    with pytest.raises(MoveNotAllowed):
        connection.move(Direction.INBOUND, AdminState.ACTIVE, now=NOON)
    assert connection.epoch == 1


def test_a_direction_that_is_not_offered_cannot_move() -> None:
    with pytest.raises(DirectionNotOffered):
        a_connection().move(Direction.OUTBOUND, AdminState.SUSPENDED, now=NOON)


def test_tokens_from_before_a_stop_are_outdated_after_it() -> None:
    connection = a_connection()
    connection.move(Direction.INBOUND, AdminState.SUSPENDED, now=NOON)
    connection.end_tokens()
    with pytest.raises(TokenOutdated):
        connection.gate.refuse_outdated(1)
    connection.gate.refuse_outdated(2)


@pytest.mark.parametrize("state", list(AdminState), ids=str)
def test_only_active_and_scheduled_connections_take_pushes(state: AdminState) -> None:
    gate = Gate("qg-tthc", state, epoch=1, tokens_from_epoch=1)
    assert gate.is_stopped is (state not in ("ACTIVE", "SCHEDULED"))


def test_a_revoked_connection_is_refused_for_good() -> None:
    with pytest.raises(ConnectionRevoked):
        Gate("qg-tthc", "REVOKED", epoch=1, tokens_from_epoch=1).refuse_revoked()
