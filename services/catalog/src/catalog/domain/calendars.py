"""The working-day calendar (ngày làm việc): weekends, public holidays, swapped days."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import metadata, resources

import holidays
from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from catalog.domain import Table


class Calendar(Table, table=True):
    """The days off of a year and the documents they rest on."""

    __tablename__ = "calendars"

    year: int = Field(primary_key=True)
    days_off: list[str] = Field(sa_type=JSONB)
    sources: list[str] = Field(sa_type=JSONB)
    unconfirmed: list[str] = Field(sa_type=JSONB)
    """Days, off or worked, whose swap has been announced but not confirmed."""
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))

    def is_same_as(self, other: "Calendar") -> bool:
        """Say whether ``other`` has the same days off."""
        return self.days_off == other.days_off and self.unconfirmed == other.unconfirmed


@dataclass(frozen=True)
class Swap:
    """Days that a document swapped: ``off`` are not worked, ``worked`` are worked instead."""

    off: list[date]
    worked: list[date]
    source: str
    confirmed: bool

    def touches(self, year: int) -> bool:
        """Say whether a day of ``year`` is swapped."""
        return any(day.year == year for day in (*self.off, *self.worked))


def calendar_of(year: int, swaps: Sequence[Swap], *, now: datetime) -> Calendar:
    """Return the calendar of ``year``: weekends and public holidays of the library, then swaps.

    >>> "2026-08-22" in calendar_of(2026, swaps(), now=now).days_off   # a Saturday that is worked
    False
    """
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    vietnam = holidays.country_holidays("VN", years=year)
    off = {day for day in days if not vietnam.is_working_day(day)}
    found = [swap for swap in swaps if swap.touches(year)]
    for swap in found:
        off = (off | set(swap.off)) - set(swap.worked)
    unsure = {day for swap in found if not swap.confirmed for day in (*swap.off, *swap.worked)}
    return Calendar(
        year=year,
        days_off=[day.isoformat() for day in sorted(off) if day.year == year],
        sources=[f"holidays {metadata.version('holidays')} (VN)", *(s.source for s in found)],
        unconfirmed=[day.isoformat() for day in sorted(unsure) if day.year == year],
        changed_at=now,
    )


@cache
def swaps() -> tuple[Swap, ...]:
    """Return the swaps that ``swapped-days.toml`` names."""
    text = resources.files("catalog").joinpath("swapped-days.toml").read_text(encoding="utf-8")
    return tuple(Swap(**one) for one in tomllib.loads(text)["swaps"])
