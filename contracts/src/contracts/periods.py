"""Reporting periods (kỳ báo cáo) and the windows of their figures (NĐ 09/2019 Điều 12)."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Frequency(StrEnum):
    """How often a regime reports (tần suất)."""

    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    HALF_YEARLY = "HALF_YEARLY"
    NINE_MONTHS = "NINE_MONTHS"
    YEARLY = "YEARLY"
    AD_HOC = "AD_HOC"


class CutOffRule(StrEnum):
    """How the cut-off of a period is found: ``ND09`` the 14th, ``CALENDAR`` the last day."""

    ND09 = "ND09"
    CALENDAR = "CALENDAR"
    CUSTOM = "CUSTOM"


PATTERN = re.compile(
    r"(?P<year>[12][0-9]{3})"
    r"(?:-(?:(?P<month>[0-9]{2})|Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<nine>9M)))?"
)


@dataclass(frozen=True)
class Period:
    """A period by its code: ``2026-05``, ``2026-Q2``, ``2026-H1``, ``2026-9M``, ``2026``.

    >>> Period.parse("2026-H1").window(CutOffRule.ND09)
    (datetime.date(2025, 12, 15), datetime.date(2026, 6, 14))
    """

    code: str
    year: int
    first_month: int
    last_month: int
    frequency: Frequency

    @classmethod
    def parse(cls, code: str) -> "Period":
        """Read a period code; raises ``ValueError`` where it is none."""
        found = PATTERN.fullmatch(code)
        if found is None:
            raise ValueError(code)
        year = int(found["year"])
        if found["month"]:
            month = int(found["month"])
            if not 1 <= month <= 12:
                raise ValueError(code)
            return cls(code, year, month, month, Frequency.MONTHLY)
        if found["quarter"]:
            last = int(found["quarter"]) * 3
            return cls(code, year, last - 2, last, Frequency.QUARTERLY)
        if found["half"]:
            last = int(found["half"]) * 6
            return cls(code, year, last - 5, last, Frequency.HALF_YEARLY)
        if found["nine"]:
            return cls(code, year, 1, 9, Frequency.NINE_MONTHS)
        return cls(code, year, 1, 12, Frequency.YEARLY)

    @classmethod
    def under_way(cls, frequency: Frequency, on: date, rule: CutOffRule) -> "Period":
        """Return the period of ``frequency`` whose window holds the day ``on``."""
        for year in (on.year, on.year + 1):
            for code in _codes(frequency, year):
                period = cls.parse(code)
                first, last = period.window(rule)
                if first <= on <= last:
                    return period
        raise ValueError(f"{frequency} has no period under way on {on}")

    def window(self, rule: CutOffRule) -> tuple[date, date]:
        """Return the first and last day counted, inclusive (NĐ 09/2019 Điều 12)."""
        if rule is CutOffRule.ND09:
            before = self.first_month - 1
            first = date(self.year, before, 15) if before else date(self.year - 1, 12, 15)
            return first, date(self.year, self.last_month, 14)
        if rule is CutOffRule.CALENDAR:
            after = date(self.year + self.last_month // 12, self.last_month % 12 + 1, 1)
            return date(self.year, self.first_month, 1), date.fromordinal(after.toordinal() - 1)
        raise ValueError(f"{rule} gives no window: whoever asks sets it")

    def previous(self) -> "Period":
        """Return the period just before this one, of the same frequency."""
        codes = _codes(self.frequency, self.year)
        at = codes.index(self.code)
        return Period.parse(codes[at - 1] if at else _codes(self.frequency, self.year - 1)[-1])

    def last_year(self) -> "Period":
        """Return the same period of the year before."""
        return Period.parse(f"{self.year - 1}{self.code[4:]}")


def _codes(frequency: Frequency, year: int) -> list[str]:
    match frequency:
        case Frequency.MONTHLY:
            return [f"{year}-{month:02}" for month in range(1, 13)]
        case Frequency.QUARTERLY:
            return [f"{year}-Q{quarter}" for quarter in range(1, 5)]
        case Frequency.HALF_YEARLY:
            return [f"{year}-H1", f"{year}-H2"]
        case Frequency.NINE_MONTHS:
            return [f"{year}-9M"]
        case Frequency.YEARLY:
            return [f"{year}"]
        case Frequency.AD_HOC:
            return []
