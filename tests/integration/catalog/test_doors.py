"""What every door of catalog refuses: bad bodies, bad addresses, roles that may not."""

import json

import pytest

from contracts.accounts.v1 import Role
from tests.support.builders_catalog import API, Catalog, a_form_body, a_regime_body
from tests.support.services import a_token

MATRIX = {
    ("POST", "/regimes"): [Role.OPERATOR],
    ("PUT", "/regimes/BC-THU"): [Role.OPERATOR],
    ("GET", "/regimes"): list(Role),
    ("GET", "/regimes/BC-THU"): list(Role),
    ("POST", "/regimes/BC-THU/put-in-force"): [Role.OPERATOR],
    ("POST", "/regimes/BC-THU/designations"): [Role.OPERATOR],
    ("GET", "/calendar/2026"): list(Role),
}


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_may_what_the_matrix_says_and_no_more(at_rest: Catalog, role: Role) -> None:
    for (method, path), roles in MATRIX.items():
        answer = await at_rest.call(method, path, {} if method != "GET" else None, by=role)
        assert (answer.status_code == 403) == (role not in roles), (method, path, answer.text)


async def test_the_matrix_names_every_door_that_needs_a_token(at_rest: Catalog) -> None:
    document = (await at_rest.client.get(f"{API}/openapi.json")).json()
    guarded = {
        (method.upper(), path.removeprefix(API))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation.get("security")
    }
    assert guarded == {
        (method, path.replace("BC-THU", "{code}").replace("2026", "{year}"))
        for method, path in MATRIX
    }


@pytest.mark.parametrize(
    ("body", "status", "pointer", "type"),
    [
        ('{"code": "BC', 400, "", "invalid-json"),
        ("[" * 100_000, 400, None, None),
        ("null", 422, "", "invalid-value"),
        (a_regime_body("thường"), 422, "/code", "invalid-value"),
        (a_regime_body(name="Bản\ufffd"), 422, "/name", "invalid-text"),
        (a_regime_body(name=f"Bản{chr(0xD800)}"), 422, "/name", "invalid-text"),
        (a_regime_body(name="Bản\u0007"), 422, "/name", "invalid-text"),
        (a_regime_body(kind="OTHER"), 422, "/kind", "invalid-value"),
        (a_regime_body(due_working_days=0), 422, "/due_working_days", "invalid-value"),
        (a_regime_body(colour="red"), 422, "/colour", "unknown-field"),
        (
            a_regime_body(form=a_form_body(columns=[{"code": "1", "name": "Số"}])),
            422,
            "/form/columns/0/code",
            "invalid-value",
        ),
        (
            a_regime_body(form=a_form_body(rows=[{"code": "1", "name": "Số", "unit": "hộ"}])),
            422,
            "/form/rows/0/concept",
            "missing-field",
        ),
        (
            a_regime_body(
                form=a_form_body(columns=[{"code": "c1", "name": "Số", "formula": "(" * 400}])
            ),
            422,
            "/form/columns/0/formula",
            "formula-unreadable",
        ),
    ],
    ids=[
        "cut off", "deep", "null", "code", "U+FFFD", "surrogate", "control", "kind", "no day",
        "unknown field", "figure as code", "no concept", "brackets",
    ],
)  # fmt: skip
async def test_a_bad_body_is_a_problem_with_its_place(
    at_rest: Catalog, body: object, status: int, pointer: str | None, type: str | None
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = await at_rest.client.post(
        f"{API}/regimes",
        content=text,
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {a_token(Role.OPERATOR)}",
        },
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if pointer is not None:
        places = {(one["pointer"], one["type"]) for one in answer.json()["errors"]}
        assert (pointer, f"/problems/{type}") in places


async def test_decomposed_letters_are_kept_composed(catalog: Catalog) -> None:
    await catalog.draft(a_regime_body(name="Ba\u0301o ca\u0301o"))
    assert catalog.rows("SELECT name FROM regimes") == [("Báo cáo",)]


@pytest.mark.parametrize(
    "path",
    [
        "/regimes?after=W10",
        "/regimes?after=WyJhIiwiYiJd",
        "/regimes?limit=501",
        "/regimes/%00",
        "/regimes/khong-co",
        "/calendar/abc",
        "/calendar/99999999999999999999",
    ],
)
async def test_a_bad_address_is_a_problem_and_no_fault_of_ours(at_rest: Catalog, path: str) -> None:
    answer = await at_rest.call("GET", path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
