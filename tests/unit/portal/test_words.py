"""The words of the pages: whatever the hub may name has one, so that nobody reads a code."""

from collections.abc import Iterable

import pytest

from connector_gateway.domain.dispatches import TEST, DispatchState
from connector_gateway.domain.held import Choice
from connector_gateway.domain.ledger import Kind
from connector_gateway.domain.subscriptions import MENU
from portal.pages import WORDS


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("act", Kind),
        ("choice", Choice),
        ("dispatch_state", DispatchState),
        ("dispatch_colour", DispatchState),
        ("event", (*MENU, TEST)),
    ],
)
def test_whatever_the_hub_may_name_has_a_word(kind: str, codes: Iterable[str]) -> None:
    assert WORDS[kind].keys() == set(codes)
