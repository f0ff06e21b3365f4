"""The working-day calendar (ngày làm việc): weekends, public holidays, swapped days."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources

import holidays
from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from catalog.domain import Table

LIBRARY = "holidays (Vietnam)"


class Calendar(Table, table=True):
    """The days off of a year and the documents they rest on."""

    __tablename__ = "calendars"

    year: int = Field(primary_key=True)
    days_off: list[str] = Field(sa_type=JSONB)
    sources: list[str] = Field(sa_type=JSONB)
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))


def days_off(year: int) -> tuple[list[date], list[str]]:
    """Return the days off of ``year`` and their sources.

    Weekends and public holidays of the library, then ``swapped-days.toml``: days that a notice
    of the Government swapped, each with its document.
    """
    first = date(year, 1, 1)
    length = (date(year + 1, 1, 1) - first).days
    days = [first + timedelta(days=n) for n in range(length)]
    vietnam = holidays.country_holidays("VN", years=year)
    off = {day for day in days if not vietnam.is_working_day(day)}
    sources = [LIBRARY]
    for swap in _swaps(year):
        off |= set(swap.off)
        off -= set(swap.worked)
        sources.append(swap.source)
    return sorted(off), sources


@dataclass(frozen=True)
class Swap:
    """Days that a notice swapped: ``off`` are not worked, ``worked`` are worked instead."""

    year: int
    off: list[date]
    worked: list[date]
    source: str
    confirmed: bool


def _swaps(year: int) -> list[Swap]:
    text = resources.files("catalog").joinpath("swapped-days.toml").read_text(encoding="utf-8")
    swaps = [Swap(**one) for one in tomllib.loads(text)["swaps"]]
    return [swap for swap in swaps if swap.year == year]
