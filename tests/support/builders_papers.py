"""Builders of consolidations and of the facts that official documents are made of."""

from datetime import date
from typing import Any

from chassis.identifiers import new_id
from contracts.forms import Attribute
from submissions.documents.paper import Paper
from submissions.domain.consolidations import Consolidation, ConsolidationState
from submissions.domain.totals import UnitCells
from submissions.queries.consolidations import UnitReport
from tests.support.builders_figures import CUT_OFF, LEAD, NOW, PERIOD, REGIME, a_form

TOTALS = {
    "1:c1": "1234567",
    "1:c2": "-",
    "2:c2": "x",
    "TONG:c4": "98.5",
    "1:chi": "-1234.05",
    "1:note": "=HYPERLINK(1)",
}


def a_paper(**said: Any) -> Paper:
    """Return the facts of a small consolidated report."""
    facts: dict[str, Any] = {
        "superior": "UBND tỉnh Bắc Giang",
        "agency": "Sở Thông tin và Truyền thông",
        "number": 5,
        "place": "Bắc Giang",
        "issued_on": date(2026, 2, 5),
        "recipient": "Ủy ban nhân dân tỉnh Bắc Giang",
        "regime": "Kết quả giải quyết <thủ tục> & hồ sơ",
        "period": "2026-H1",
        "legal_basis": "văn bản số 01/2020/TT-VPCP",
        "cut_off_on": date(2026, 6, 14),
        "expected": 192,
        "accepted": 190,
        "missing": ["Xã An Hà", "Xã Dương Đức"],
        "excluded": [("Xã Phì Điền", "đang xác minh")],
        "form": a_form(),
        "totals": TOTALS,
    }
    return Paper(**{**facts, **said})


def a_wide_paper() -> Paper:
    """Return a report whose table needs the page turned."""
    form = a_form()
    more = [Attribute(code=f"m{at}", name=f"Cột {at}") for at in range(9)]
    return a_paper(form=form.model_copy(update={"columns": [*form.columns, *more]}))


def some_reports(*traces: str | None) -> list[UnitReport]:
    """Return accepted reports whose versions carry these traces."""
    figures = UnitCells(None, None, {"1:c2": "5"})
    return [
        UnitReport(new_id(), f"{at:05}", 1, CUT_OFF, figures, trace)
        for at, trace in enumerate(traces)
    ]


def a_consolidation(state: ConsolidationState) -> Consolidation:
    """Return a consolidation of one unit in ``state``."""
    return Consolidation(
        id=new_id(),
        regime=REGIME,
        period=PERIOD,
        lead_agency=LEAD,
        revision=1,
        document_year=2026,
        document_number=1,
        state=state,
        expected=1,
        accepted=1,
        missing=[],
        excluded=[],
        taken=[],
        totals={},
        definition={},
        cut_off_at=CUT_OFF,
        completed_by="reviewer",
        completed_at=NOW,
    )
