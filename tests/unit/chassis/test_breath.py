"""How long a loop waits between two turns."""

import pytest

from chassis.breath import BREATH, DEEPEST, Breathing


def depths(*turns: tuple[float, int]) -> list[float]:
    """Return the breath after each turn: when it began, and how many messages it carried."""
    breathing = Breathing()
    return [breathing.depth(since=since, carried=carried) for since, carried in turns]


def test_the_breath_deepens_to_its_bound_while_turns_carry_many() -> None:
    assert depths((9.0, 4), (9.02, 4), (9.06, 8), (9.14, 16)) == [BREATH, 0.04, DEEPEST, DEEPEST]


def test_a_turn_that_carries_one_message_makes_it_shallow_again() -> None:
    assert depths((9.0, 4), (9.02, 4), (9.06, 1), (9.08, 1))[2:] == [BREATH, BREATH]


@pytest.mark.parametrize("pause", [0.1, 60.0])
def test_a_pause_makes_it_shallow_again(pause: float) -> None:
    assert depths((9.0, 4), (9.02, 4), (9.06 + pause, 9))[2] == BREATH
