"""People and systems of the demo scenario on the run's hub, for tests of the whole.

``a_town()`` gives them; figures go to the regime CDS-XA, which the demonstration leaves alone.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from deploy.scenario.client import SUBMISSIONS, Person, System, open_client
from tests.support.hub import RunningHub, the_hub

REGIME = "CDS-XA"


@dataclass(frozen=True)
class Town:
    """The run's hub with its scenario loaded."""

    hub: RunningHub
    http: httpx.Client
    facts: dict[str, Any]

    @property
    def origin(self) -> str:
        """Where the gateway answers."""
        return self.hub.origin

    @property
    def period(self) -> str:
        """The quarter under way."""
        return str(self.facts["periods"][REGIME])

    def password(self, username: str) -> str:
        """Return the password of an account."""
        [found] = [one for one in self.facts["accounts"] if one["username"] == username]
        return str(found["password"])

    def person(self, username: str) -> Person:
        """Return a person of the scenario."""
        return Person(self.http, username=username, password=self.password(username))

    def system(self, code: str) -> System:
        """Return a connected system that signs in with its own key."""
        return System(self.http, code=code, key_file=self.hub.hub.secrets / f"{code}.pem")

    def report_of(self, commune: str) -> str:
        """Return the id of a commune's report."""
        found = self.person(f"ld-{commune}").get(
            f"{SUBMISSIONS}/reports", regime=REGIME, period=self.period, unit=commune
        )
        return str(found["items"][0]["report"])

    def a_delivery(self, commune: str, cells: dict[str, str]) -> bytes:
        """Return a push of ``cells`` for a commune, as a list of figures."""
        figures = [
            {
                "agency": commune,
                "row": cell.rpartition(":")[0],
                "column": cell.rpartition(":")[2],
                "value": value,
            }
            for cell, value in cells.items()
        ]
        return json.dumps({"regime": REGIME, "period": self.period, "figures": figures}).encode()


def a_town() -> Town:
    """Return the run's hub with the demo scenario, and everybody in it."""
    hub = the_hub("demo")
    return Town(hub, open_client(hub.origin), hub.demo())


def a_key() -> str:
    """Return an idempotency key that nobody has used."""
    return str(uuid4())
