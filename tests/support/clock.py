"""A clock that obeys: the time of a service under test."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import chassis.clock


@dataclass
class Clock:
    """The time as a service sees it; real until ``moment`` is set."""

    moment: datetime | None = None

    async def at_request(self) -> datetime:
        """Return the moment."""
        return self.moment or chassis.clock.now()

    def pass_by(self, time: timedelta) -> None:
        """Let ``time`` pass."""
        self.moment = (self.moment or chassis.clock.now()) + time
