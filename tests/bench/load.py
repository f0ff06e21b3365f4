"""Systems that push as fast as they are let: tokens, prepared bodies, receipts."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from deploy.scenario.agencies import communes
from deploy.scenario.client import CONNECTIONS

ROWS = [f"{group}.{number}" for group in range(1, 13) for number in range(1, 6)]
COLUMNS = ["plan", "month", "estimate"]
REPORTS = 6
FIGURES = len(ROWS) * len(COLUMNS) * REPORTS
SYSTEMS = 8


@dataclass
class Pushed:
    """One push: when it was sent, how long its answer took, what it said."""

    sent_at: float
    seconds: float
    status: int
    receipt: str | None


@dataclass
class Pusher:
    """One connected system of the volume scenario."""

    http: httpx.AsyncClient
    code: str
    secret: str
    token: str = ""
    pushed: list[Pushed] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Return where it pushes."""
        return f"{CONNECTIONS}/connections/{self.code}/deliveries"

    async def sign_in(self) -> None:
        """Get a token."""
        form = {"grant_type": "client_credentials"}
        answer = await self.http.post(
            f"{CONNECTIONS}/token", data=form, auth=(self.code, self.secret)
        )
        answer.raise_for_status()
        self.token = answer.json()["access_token"]

    async def push(self, body: bytes) -> Pushed:
        """Push one body and keep what came of it."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        }
        began = time.perf_counter()
        answer = await self.http.post(self.path, content=body, headers=headers)
        took = time.perf_counter() - began
        receipt = answer.json().get("receipt")
        self.pushed.append(Pushed(began, took, answer.status_code, receipt))
        return self.pushed[-1]

    async def receipt(self, receipt: str, *, wait: int = 0) -> dict[str, Any]:
        """Read a receipt."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.http.get(
            f"{self.path}/{receipt}", params={"wait": wait}, headers=headers
        )
        found: dict[str, Any] = answer.json()
        return found

    async def settled(self, receipt: str) -> dict[str, Any]:
        """Return a receipt in its final state."""
        while True:
            found = await self.receipt(receipt, wait=10)
            if found["state"] not in {"received", "held"}:
                return found


def body_of(system: int, number: int, *, year: str, salt: int) -> bytes:
    """Return delivery ``number`` of a system: six reports of 180 figures, the dense form."""
    mine = [str(one["code"]) for one in communes()][system::SYSTEMS]
    round_, month = divmod(number, 12)
    reports = [
        {
            "agency": mine[(round_ * REPORTS + step) % len(mine)],
            "rows": ROWS,
            "columns": COLUMNS,
            "values": _values(salt + step),
        }
        for step in range(REPORTS)
    ]
    period = f"{year}-{month + 1:02}"
    return json.dumps({"regime": "KTXH-THANG", "period": period, "reports": reports}).encode()


def _values(salt: int) -> list[list[str]]:
    return [
        [f"{(salt * 31 + row * 7 + column) % 9973}.{(salt + row) % 9 + 1}" for column in range(3)]
        for row in range(len(ROWS))
    ]
