"""Working days (ngày làm việc) of a calendar that the catalog owns and publishes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""The one time zone of the hub."""


class CalendarUnknown(LookupError):
    """A day of a year whose calendar has not been published."""


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are worked: ``days_off`` by year, weekends and swapped days already applied.

    >>> calendar = WorkingCalendar({2026: frozenset({date(2026, 8, 23)})})
    >>> calendar.after(date(2026, 8, 21), 1)   # Saturday 22/08/2026 is worked by swap
    datetime.date(2026, 8, 22)
    """

    days_off: Mapping[int, frozenset[date]] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Say whether ``day`` is worked; raises ``CalendarUnknown`` for an unpublished year."""
        try:
            return day not in self.days_off[day.year]
        except KeyError:
            raise CalendarUnknown(day.year) from None

    def after(self, day: date, working_days: int) -> date:
        """Return the day that lies ``working_days`` working days after ``day`` (Điều 4.3)."""
        step = timedelta(days=1)
        while working_days > 0:
            day += step
            working_days -= self.is_working(day)
        return day

    def full_days_between(self, earlier: date, later: date) -> int:
        """Count the full working days strictly between two days (Điều 8.2)."""
        span = range(1, (later - earlier).days)
        return sum(self.is_working(earlier + timedelta(days=n)) for n in span)
