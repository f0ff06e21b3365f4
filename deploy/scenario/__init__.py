"""Scenarios: a hub filled with real agencies, real forms and accounts, over its public API."""

from enum import StrEnum


class Scenario(StrEnum):
    """What a hub is filled with.

    ``load`` is ``volume`` without the people of communes, whose four hundred passwords cost 20 s.
    """

    EMPTY = "empty"
    DEMO = "demo"
    VOLUME = "volume"
    LOAD = "load"
