"""Forms of the real regimes, small and whole, for tests of formulas, rules and reports."""

from collections.abc import Sequence

from contracts.forms import Attribute, ColumnKind, Form, Indicator, Operator, Rule, Severity

TTHC_FORMULAS = {
    "c1": "c2 + c3 + c4",
    "c5": "c6 + c7 + c8",
    "c9": "c10 + c11",
    "c12": "(c6 + c7) / c5 * 100",
}


def a_row(code: str, *, sum_of: Sequence[str] = ()) -> Indicator:
    """Return an indicator with everything that is mandatory (Điều 3.3)."""
    return Indicator(
        code=code,
        name=f"Lĩnh vực {code}",
        unit="hồ sơ",
        concept="Số hồ sơ",
        method="Đếm",
        sum_of=list(sum_of),
    )


def tthc(rows: int = 10) -> Form:
    """Return TTHC-II06A: fields of procedures with a total, counts, a ratio, three rules."""
    codes = [str(number) for number in range(1, rows + 1)]
    return Form(
        code="TTHC-II06A",
        version=1,
        rows=[*map(a_row, codes), a_row("TONG", sum_of=codes)],
        columns=[_count(f"c{number}") for number in range(1, 12)]
        + [
            Attribute(
                code="c12",
                name="Tỷ lệ đúng hạn (%)",
                decimals=2,
                formula=TTHC_FORMULAS["c12"],
                over_units=Operator.RECOMPUTE,
            )
        ],
        rules=[
            _rule("can-doi", Severity.BLOCKING, "c1 = c5 + c9"),
            _rule("ky-truoc", Severity.WARNING, "c4 = previous(c9)"),
            _rule("qua-han", Severity.WARNING, "c8 = 0"),
        ],
    )


def ktxh() -> Form:
    """Return KTXH-THANG: 60 rows × 8 columns with year-to-date, last year and percentages."""
    return Form(
        code="KTXH-THANG",
        version=1,
        rows=[a_row(f"{group}.{number}") for group in range(1, 13) for number in range(1, 6)],
        columns=[
            Attribute(code="plan", name="Kế hoạch năm", decimals=1),
            Attribute(code="month", name="Tháng báo cáo", decimals=1),
            Attribute(code="cumulative", name="Lũy kế", decimals=1, formula="year_to_date(month)"),
            Attribute(code="last_year", name="Cùng kỳ", decimals=1, formula="last_year(month)"),
            _percent("pct_plan", "cumulative / plan * 100"),
            _percent("pct_year", "month / last_year * 100"),
            Attribute(code="estimate", name="Ước tháng sau", decimals=1),
            Attribute(code="note", name="Ghi chú", kind=ColumnKind.TEXT, over_units=Operator.NONE),
        ],
    )


def inputs_of(form: Form) -> list[str]:
    """Return the cells of ``form`` that people fill in with figures."""
    return [
        f"{row.code}:{column.code}"
        for row in form.rows
        for column in form.columns
        if not row.sum_of and not column.formula and column.kind is ColumnKind.NUMBER
    ]


def _count(code: str) -> Attribute:
    return Attribute(code=code, name=code.upper(), minimum="0", formula=TTHC_FORMULAS.get(code))


def _percent(code: str, formula: str) -> Attribute:
    return Attribute(
        code=code, name=code, decimals=2, formula=formula, over_units=Operator.RECOMPUTE
    )


def _rule(code: str, severity: Severity, expression: str) -> Rule:
    return Rule(code=code, severity=severity, expression=expression, message=f"Quy tắc {code}")
