"""Builders of the facts that official documents are made of."""

from datetime import date
from typing import Any

from contracts.forms import Attribute
from submissions.documents.paper import Paper
from tests.support.builders_figures import a_form

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
