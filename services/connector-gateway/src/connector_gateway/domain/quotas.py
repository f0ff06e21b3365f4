"""A quota (hạn mức) of a connection: deliveries a minute with a burst, bytes a day.

Deliveries flow through a bucket that holds ``burst`` of them and refills at the pace of the quota;
all that is kept of it is the moment at which it will be full again. Bytes count as sent, by the
day of Vietnam.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import ceil

from chassis.errors import Place
from connector_gateway.domain.roots import midnight_after
from connector_gateway.errors.policies import QuotaExceeded
from contracts.calendar import ZONE

MINUTE = timedelta(minutes=1)
DAY = 86_400


@dataclass(frozen=True)
class Quota:
    """How much may be pushed; None means no limit."""

    deliveries_per_minute: int | None = None
    burst: int | None = None
    """Deliveries that may come at once; None: those of a minute."""
    bytes_per_day: int | None = None


@dataclass(frozen=True)
class Pace:
    """Deliveries a minute: the bucket of a quota that has one."""

    step: timedelta
    """In which one delivery is earned."""
    burst: int

    @classmethod
    def of(cls, quota: Quota) -> "Pace | None":
        """Return the pace of ``quota``, or None where it sets none."""
        if quota.deliveries_per_minute is None:
            return None
        return cls(MINUTE / quota.deliveries_per_minute, quota.burst or quota.deliveries_per_minute)

    def left(self, until: datetime, now: datetime) -> int:
        """Return how many deliveries may come now of a bucket that is full at ``until``."""
        return max(0, (self.step * self.burst - (until - now)) // self.step)


@dataclass(frozen=True)
class Spent:
    """What a connection has spent, as its row keeps it."""

    paced_until: datetime | None = None
    """When the bucket of deliveries is full again."""
    day: date | None = None
    """On which ``bytes`` were sent."""
    bytes: int = 0


class Purse:
    """The quota of one connection and what is left of it, while its row is locked.

    >>> purse = Purse(Quota(deliveries_per_minute=60, burst=1), Spent())
    >>> noon = datetime(2026, 6, 15, 12, tzinfo=ZONE)
    >>> purse.spend(100, noon)
    >>> purse.headers(noon)["RateLimit"]
    '"burst";r=0;t=1'
    """

    def __init__(self, quota: Quota, spent: Spent) -> None:
        self.quota = quota
        self.spent = spent
        self._pace = Pace.of(quota)

    def spend(self, size: int, now: datetime) -> None:
        """Take one delivery of ``size`` bytes out of what is left, or raise ``QuotaExceeded``."""
        today = self._today(now)
        until = self._until(now)
        if self._pace and not self._pace.left(until, now):
            wait = until - now - self._pace.step * (self._pace.burst - 1)
            raise _exceeded(wait, "quota-of-deliveries", self.quota.deliveries_per_minute)
        most = self.quota.bytes_per_day
        if most is not None and today.bytes + size > most:
            raise _exceeded(_rest_of_day(now), "quota-of-bytes", most)
        self.spent = replace(
            today,
            paced_until=until + self._pace.step if self._pace else None,
            bytes=today.bytes + size,
        )

    def headers(self, now: datetime) -> dict[str, str]:
        """Return what the sender is told (draft-ietf-httpapi-ratelimit-headers).

        ``r`` is what is left, ``t`` the seconds until all of it is there again.
        """
        policies, limits = zip(*self._limits(now), strict=True)
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}

    def _limits(self, now: datetime) -> Iterator[tuple[str, str]]:
        if self._pace:
            until = self._until(now)
            window = ceil((self._pace.step * self._pace.burst).total_seconds())
            wait = ceil((until - now).total_seconds())
            yield (
                f'"burst";q={self._pace.burst};w={window}',
                f'"burst";r={self._pace.left(until, now)};t={wait}',
            )
        if (most := self.quota.bytes_per_day) is not None:
            wait = ceil(_rest_of_day(now).total_seconds())
            left = max(0, most - self._today(now).bytes)
            yield f'"day";q={most};qu="content-bytes";w={DAY}', f'"day";r={left};t={wait}'

    def _until(self, now: datetime) -> datetime:
        return max(self.spent.paced_until or now, now)

    def _today(self, now: datetime) -> Spent:
        day = now.astimezone(ZONE).date()
        return self.spent if self.spent.day == day else replace(self.spent, day=day, bytes=0)


def _rest_of_day(now: datetime) -> timedelta:
    return midnight_after(now.astimezone(ZONE).date()) - now


def _exceeded(wait: timedelta, limit: str, most: int | None) -> QuotaExceeded:
    seconds = max(1, ceil(wait.total_seconds()))
    place = Place("", limit, params={"most": most})
    return QuotaExceeded(errors=[place], headers={"Retry-After": str(seconds)})
