"""The judge of what arrived outside sees what a hub must never do, and nothing else."""

import pytest

from tests.chaos.journal import Fact, Told
from tests.chaos.outbound import check_arrivals
from tests.chaos.receiver import Arrival

SAID = [Fact("a", 1, Told.OK), Fact("a", 2, Told.OK), Fact("b", 1, Told.UNKNOWN)]
FIRST, SECOND = Arrival("msg_1", "a", 1, b"1"), Arrival("msg_2", "a", 2, b"2")
UNSURE = Arrival("msg_3", "b", 1, b"3")


@pytest.mark.parametrize(
    "arrivals",
    [
        pytest.param([FIRST, SECOND], id="each once"),
        pytest.param([FIRST, FIRST, UNSURE, SECOND, FIRST], id="again with the same id"),
    ],
)
def test_what_a_receiver_may_see_is_no_breach(arrivals: list[Arrival]) -> None:
    assert list(check_arrivals(SAID, arrivals)) == []


@pytest.mark.parametrize(
    ("arrivals", "breach"),
    [
        pytest.param([SECOND, FIRST], "arrived after 2", id="order"),
        pytest.param([FIRST, Arrival("msg_9", "a", 1, b"1")], "as 2 messages", id="two ids"),
        pytest.param([FIRST, Arrival("msg_1", "a", 1, b"9")], "with 2 bodies", id="two bodies"),
        pytest.param([Arrival("msg_9", "c", 1, b"")], "never said", id="never said"),
    ],
)
def test_what_a_receiver_must_never_see_is_a_breach(arrivals: list[Arrival], breach: str) -> None:
    [told] = check_arrivals(SAID, arrivals)
    assert breach in told
