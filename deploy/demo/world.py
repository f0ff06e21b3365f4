"""What the steps of the demonstration share: the hub, its people, what has been shown so far."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from rich.console import Console

from deploy.local.layout import Hub
from deploy.scenario.client import Person, System, new_traceparent

T = TypeVar("T")
R = TypeVar("R")
WORKERS = 4


class NotAsPromised(Exception):
    """The hub did something else than it promises; says what."""


@dataclass
class World:
    """The hub as the demonstration meets it."""

    hub: Hub
    http: httpx.Client
    facts: dict[str, Any]
    console: Console
    regime: str = "TTHC-II06A"
    traceparent: str = field(default_factory=new_traceparent)
    links: dict[str, str] = field(default_factory=dict)
    _people: dict[str, Person] = field(default_factory=dict)

    @property
    def period(self) -> str:
        """Return the half-year under way."""
        return str(self.facts["periods"][self.regime])

    @property
    def trace_id(self) -> str:
        """Return the trace that leads through the whole job."""
        return self.traceparent.split("-")[1]

    def person(self, username: str) -> Person:
        """Return a person, signed in once."""
        if username not in self._people:
            [account] = [one for one in self.facts["accounts"] if one["username"] == username]
            self._people[username] = Person(
                self.http, username=username, password=account["password"]
            )
        return self._people[username]

    def system(self, code: str) -> System:
        """Return a connected system that signs in with its own key."""
        [entry] = [one for one in self.facts["connections"] if one["code"] == code]
        return System(self.http, code=code, key_file=self.hub.secrets / f"{entry['code']}.pem")

    def say(self, text: str) -> None:
        """Tell what happened."""
        self.console.print(f"   {text}")

    def expect(self, is_so: object, what: str) -> None:
        """Go on only where the hub kept its promise."""
        if not is_so:
            raise NotAsPromised(what)

    def until(self, act: Callable[[], T | None], what: str, *, limit: float = 30.0) -> T:
        """Return what ``act`` finds, asking again until it does."""
        end = time.monotonic() + limit
        while True:
            found = act()
            if found:
                return found
            if time.monotonic() > end:
                raise NotAsPromised(f"{what} (quá {limit:.0f} giây)")
            time.sleep(0.2)


def side_by_side(act: Callable[[T], R], things: list[T]) -> list[R]:
    """Do the same for many, a few at a time, in order."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(act, things))
