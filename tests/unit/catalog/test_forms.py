"""When a form is sound: every contradiction is named with its place, all at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.api.regimes import RegimeBody
from catalog.domain.forms import unsound_places
from catalog.domain.indicators import Indicator, indicators_of, other_units
from contracts.catalog.v1 import ContentForm
from contracts.forms import ColumnKind, Operator
from tests.support.builders_catalog import FILLED, a_column, a_form, a_row, a_rule, columns_with

FORMS = sorted((Path(__file__).parents[3] / "deploy/scenario/forms").glob("*.json"))
NOTE = a_column("note", kind=ColumnKind.TEXT)


def test_a_sound_form_has_no_place_that_is_wrong() -> None:
    assert list(unsound_places(a_form(), ContentForm.TABULAR)) == []


@pytest.mark.parametrize(
    ("facts", "places"),
    [
        ({"rows": [a_row("1"), a_row("1")]}, ["rows/0/code code-twice", "rows/1/code code-twice"]),
        (
            {"columns": [a_column("c2"), a_column("c2")], "rules": []},
            ["columns/0/code code-twice", "columns/1/code code-twice"],
        ),
        (
            {"rules": [a_rule("c2 = c3"), a_rule("c2 > 0")]},
            ["rules/0/code code-twice", "rules/1/code code-twice"],
        ),
        (
            {"rows": [a_row("1", concept="", method=" ", unit="\t")]},
            [f"rows/0/{name} field-empty" for name in ("concept", "method", "unit")],
        ),
        (
            {"rows": [a_row("1", sum_of=["1", "9"], parent="8")]},
            [
                "rows/0/sum_of/1 code-unknown",
                "rows/0/parent code-unknown",
                "rows/0/sum_of sum-circular",
            ],
        ),
        (
            {"rows": [a_row("1", sum_of=["2"]), a_row("2", sum_of=["1"]), a_row("3")]},
            ["rows/0/sum_of sum-circular", "rows/1/sum_of sum-circular"],
        ),
        (
            {"rows": [a_row("1", parent="2"), a_row("2", parent="1")]},
            ["rows/0/parent parent-circular", "rows/1/parent parent-circular"],
        ),
        (columns_with("c2 + c9"), ["columns/0/formula code-unknown"]),
        (columns_with("c2 +"), ["columns/0/formula formula-unreadable"]),
        (columns_with("sqrt(c2)"), ["columns/0/formula formula-unreadable"]),
        (columns_with("c2 = c3"), ["columns/0/formula formula-compares"]),
        (columns_with("c2 + note", NOTE), ["columns/0/formula code-of-text"]),
        (columns_with("c1 + c2"), ["columns/0/formula formula-circular"]),
        (columns_with("year_to_date(c1)"), ["columns/0/formula formula-circular"]),
        (columns_with("previous(c1) + last_year(c1)"), []),
        (columns_with("year_to_date(c2)"), []),
        (
            columns_with("c4 / c2", a_column("c4", formula="c5"), a_column("c5", formula="c1")),
            [f"columns/{at}/formula formula-circular" for at in (0, 3, 4)],
        ),
        (
            {"columns": [*FILLED, a_column("c4", over_units=Operator.RECOMPUTE)], "rules": []},
            ["columns/2/formula formula-missing"],
        ),
        (
            {
                "columns": [*FILLED, a_column("c4", formula="c2", kind=ColumnKind.TEXT)],
                "rules": [],
            },
            ["columns/2/formula formula-of-text"],
        ),
        ({"rules": [a_rule("c2 + c3")]}, ["rules/0/expression rule-compares-nothing"]),
        ({"rules": [a_rule("c9 = 0")]}, ["rules/0/expression code-unknown"]),
        ({"rules": [a_rule("= 0")]}, ["rules/0/expression formula-unreadable"]),
    ],
)
def test_a_contradiction_is_named_with_its_place(facts: dict[str, Any], places: list[str]) -> None:
    found = unsound_places(a_form(**facts), ContentForm.TABULAR)
    assert [f"{place.pointer} {place.type}" for place in found] == [
        f"/form/{place}" for place in places
    ]


@pytest.mark.parametrize(
    ("content", "facts", "missing"),
    [
        (ContentForm.TABULAR, {"rows": [], "columns": [], "rules": []}, ["rows", "columns"]),
        (ContentForm.NARRATIVE, {"rows": [], "columns": [], "rules": []}, ["outline"]),
        (ContentForm.COMBINED, {}, ["outline"]),
        (ContentForm.COMBINED, {"outline": ["I. Kết quả"]}, []),
    ],
)
def test_a_form_has_the_parts_that_its_content_needs(
    content: ContentForm, facts: dict[str, Any], missing: list[str]
) -> None:
    places = unsound_places(a_form(**facts), content)
    assert [place.pointer for place in places] == [f"/form/{name}" for name in missing]


@pytest.mark.parametrize(
    ("standing", "differs"),
    [
        (Indicator(form="BC-THU", code="1", name="Tên cũ", unit="người"), True),
        (Indicator(form="KHAC", code="1", name="lĩnh  vực 1", unit="người"), True),
        (Indicator(form="KHAC", code="1", name="Số dân", unit="người"), False),
        (Indicator(form="KHAC", code="9", name="Lĩnh vực 1", unit="người"), False),
        (Indicator(form="BC-THU", code="1", name="Lĩnh vực 1", unit="hồ sơ"), False),
    ],
    ids=["same form", "same name elsewhere", "other name", "other code", "same unit"],
)
def test_one_indicator_never_has_two_units(standing: Indicator, differs: bool) -> None:
    places = list(other_units(a_form(), [standing]))
    assert [place.pointer for place in places] == (["/form/rows/0/unit"] if differs else [])


def test_the_forms_of_the_scenarios_are_sound_and_agree_on_their_units() -> None:
    standing: list[Indicator] = []
    for file in FORMS:
        body = RegimeBody.model_validate(json.loads(file.read_text(encoding="utf-8")))
        form = body.form.form()
        assert list(unsound_places(form, body.content_form)) == [], file.name
        assert list(other_units(form, standing)) == [], file.name
        standing += indicators_of(form)
    assert len(FORMS) >= 4
