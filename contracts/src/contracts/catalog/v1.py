"""What catalog says, version 1: regimes in force, designations, the working-day calendar."""

from datetime import date, datetime
from enum import StrEnum

from contracts.event import Event, Word
from contracts.forms import Form
from contracts.periods import CutOffRule, Frequency
from contracts.topics import CALENDARS, REGIMES


class RegimeKind(StrEnum):
    """Periodic, thematic or ad hoc (NĐ 09/2019)."""

    PERIODIC = "PERIODIC"
    THEMATIC = "THEMATIC"
    AD_HOC = "AD_HOC"


class ContentForm(StrEnum):
    """Dạng bảng biểu, thuyết minh, hoặc cả hai (Điều 6.1)."""

    TABULAR = "TABULAR"
    NARRATIVE = "NARRATIVE"
    COMBINED = "COMBINED"


class LegalBasis(Word):
    """The decision on which something in the catalog rests (Điều 5.1)."""

    number: str
    issued_on: date
    issuer: str


class RegimePutInForce(Event, type="catalog.regime.put-in-force.v1", topic=REGIMES, key="regime"):
    """A regime (chế độ báo cáo) with its form is in force on a legal basis (Điều 5.1)."""

    regime: str
    name: str
    kind: RegimeKind
    content_form: ContentForm
    legal_basis: LegalBasis
    frequency: Frequency
    cut_off_rule: CutOffRule
    due_working_days: int
    """Working days between cut-off and the deadline of sending; at least 1 (NĐ 09 Đ8.5)."""
    recipient: str
    """Who receives the consolidated report (cấp có thẩm quyền), by name."""
    form: Form
    in_force_from: date


class LeadAgencyDesignated(
    Event, type="catalog.lead-agency.designated.v1", topic=REGIMES, key="regime"
):
    """The operator gave a regime to its lead agency: step 1 (Điều 7.1)."""

    regime: str
    agency: str
    legal_basis: LegalBasis
    designated_at: datetime


class CalendarChanged(Event, type="catalog.calendar.changed.v1", topic=CALENDARS, key="year"):
    """The working days of a year; replaces what was said of that year before."""

    year: int
    days_off: list[date]
    """Weekends, holidays and swapped days off; swapped working days are not in it."""
    sources: list[str]
    changed_at: datetime
