"""Bad input at every door of the running hub: a problem with its place, and nothing changed."""

import json
import socket
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.scenario.client import ACCOUNTS, CATALOG, CONNECTIONS, SUBMISSIONS
from tests.support.town import Town, a_key

COMMUNE = "07222"


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and slug of a problem, once its shape has been checked."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert body["title"]
    assert body["detail"]
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("/problems/")


def settled(town: Town, code: str, receipt: str) -> dict[str, Any]:
    """Return a receipt in its final state."""
    end = time.monotonic() + 30
    while True:
        found = town.system(code).receipt(receipt)
        if found["state"] in {"completed", "refused"} or time.monotonic() > end:
            return found


BAD_FIGURES = [
    pytest.param({"1:plan": "12,5"}, "not-a-decimal", id="comma"),
    pytest.param({"1:plan": "1e400"}, "not-a-decimal", id="exponent"),
    pytest.param({"1:plan": "NaN"}, "not-a-decimal", id="NaN"),
    pytest.param({"1:plan": "9" * 40}, "number-too-large", id="40 digits"),
    pytest.param({"1:plan": "a\ue000"}, "invalid-text", id="private use"),
    pytest.param({"1:cumulative": "1"}, "cell-is-derived", id="derived cell"),
    pytest.param({"99:plan": "1"}, "cell-not-assigned", id="unknown cell"),
]


@pytest.mark.parametrize(("cells", "slug"), BAD_FIGURES)
def test_a_bad_figure_of_a_push_is_named_with_its_place(
    town: Town, cells: dict[str, str], slug: str
) -> None:
    before, _ = town.person(f"cb-{COMMUNE}").report(town.report_of(COMMUNE))
    answer = town.system("dan-cu").push(town.a_delivery(COMMUNE, cells), key=a_key())
    assert answer.status_code == 202
    receipt = settled(town, "dan-cu", answer.json()["receipt"])
    [rejection] = receipt["rejections"]
    assert rejection["type"] == f"/problems/{slug}"
    assert rejection["pointer"].startswith("/figures/0")
    assert rejection["detail"]
    after, _ = town.person(f"cb-{COMMUNE}").report(town.report_of(COMMUNE))
    assert after["cells"] == before["cells"]


@pytest.mark.parametrize(("cells", "slug"), BAD_FIGURES)
def test_a_bad_figure_of_a_person_is_named_with_its_place(
    town: Town, cells: dict[str, str], slug: str
) -> None:
    officer, report = town.person(f"cb-{COMMUNE}"), town.report_of(COMMUNE)
    _, etag = officer.report(report)
    answer = officer.ask(
        "PATCH",
        f"{SUBMISSIONS}/reports/{report}",
        json={"cells": {**cells, "2:plan": "1"}},
        headers={"If-Match": etag},
    )
    assert problem_of(answer) == (422, "figures-refused")
    [place] = answer.json()["errors"]
    assert place["type"] == f"/problems/{slug}"
    assert place["pointer"] == f"/cells/{next(iter(cells))}"
    assert officer.report(report)[1] == etag


def a_push(town: Town, **more: Any) -> httpx.Response:
    """Push with some of its parts replaced."""
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": a_key(),
        **town.system("dan-cu").headers(),
        **more.pop("headers", {}),
    }
    headers = {name: value for name, value in headers.items() if value is not None}
    body = more.pop("body", town.a_delivery(COMMUNE, {"1:plan": "1"}))
    path = f"{CONNECTIONS}/connections/dan-cu/deliveries"
    return town.http.post(path, content=body, headers=headers)


def test_a_push_without_an_idempotency_key_is_refused(town: Town) -> None:
    status, slug = problem_of(a_push(town, headers={"Idempotency-Key": None}))
    assert status in {400, 422}
    assert "idempotency" in slug


def test_an_idempotency_key_with_another_body_is_refused(town: Town) -> None:
    key = a_key()
    first = a_push(town, headers={"Idempotency-Key": key})
    again = a_push(town, headers={"Idempotency-Key": key})
    other = a_push(town, headers={"Idempotency-Key": key}, body=b'{"figures": []}')
    assert again.json()["receipt"] == first.json()["receipt"]
    assert problem_of(other) == (422, "idempotency-key-reused")


def test_a_push_of_an_unknown_media_type_is_refused(town: Town) -> None:
    answer = a_push(town, headers={"Content-Type": "application/pdf"})
    assert problem_of(answer) == (415, "delivery-media-type")


def test_a_push_that_is_too_large_is_refused_before_it_is_read_whole(town: Town) -> None:
    answer = a_push(town, body=b" " * (5 * (1 << 20) + 1))
    assert problem_of(answer) == (413, "payload-too-large")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        pytest.param(b'{"regime": ', None, id="wrong JSON"),
        pytest.param(
            b'{"regime": "CDS-XA", "period": "2026-Q9", "figures": []}', None, id="period"
        ),
        pytest.param(
            b'{"regime": "KHONG-CO", "period": "2026-Q4", "figures": [{"agency": "07222",'
            b'"row": "1", "column": "plan", "value": "1"}]}',
            "regime-not-in-force",
            id="unknown regime",
        ),
    ],
)
def test_a_push_of_which_nothing_can_be_taken_is_refused_with_the_reason(
    town: Town, body: bytes, slug: str | None
) -> None:
    answer = a_push(town, body=body)
    if answer.status_code != 202:
        assert problem_of(answer)[0] in {400, 422}
        return
    receipt = settled(town, "dan-cu", answer.json()["receipt"])
    assert receipt["state"] in {"refused", "completed"}
    if slug:
        said = [receipt["problem"] or {}, *receipt["rejections"]]
        assert f"/problems/{slug}" in {one.get("type") for one in said}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("Bearer abc", id="no token"),
        pytest.param("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", id="unsigned"),
    ],
)
def test_a_forged_token_opens_no_door(town: Town, token: str) -> None:
    headers = {"Authorization": token} if token else {}
    for path in (
        f"{ACCOUNTS}/me",
        f"{CATALOG}/regimes",
        f"{SUBMISSIONS}/my-work",
        f"{CONNECTIONS}/connections",
        "/api/notifications/v1/inbox",
    ):
        assert problem_of(town.http.get(path, headers=headers)) == (401, "unauthenticated")


def test_a_report_of_another_agency_does_not_exist_for_an_officer(town: Town) -> None:
    stranger, report = town.person("cb-07213"), town.report_of(COMMUNE)
    answer = stranger.ask("GET", f"{SUBMISSIONS}/reports/{report}")
    assert problem_of(answer) == (404, "report-not-found")


def test_a_role_that_may_not_is_told_so(town: Town) -> None:
    officer = town.person("cb-07213")
    answer = officer.ask("POST", f"{CONNECTIONS}/suspensions", json={})
    assert problem_of(answer)[0] == 403


def test_a_change_needs_the_latest_etag(town: Town) -> None:
    officer, report = town.person(f"cb-{COMMUNE}"), town.report_of(COMMUNE)
    path = f"{SUBMISSIONS}/reports/{report}"
    body = {"cells": {"3:plan": "1"}}
    without = officer.ask("PATCH", path, json=body)
    stale = officer.ask("PATCH", path, json=body, headers={"If-Match": '"0"'})
    assert problem_of(without) == (428, "etag-required")
    assert problem_of(stale) == (412, "stale-etag")


def test_a_draft_cannot_be_accepted_and_nothing_is_sent_twice(town: Town) -> None:
    code = "07225"
    head, report = town.person(f"ld-{code}"), town.report_of(code)
    reviewer = town.person("tong-hop-stttt")
    path = f"{SUBMISSIONS}/reports/{report}"
    assert problem_of(reviewer.ask("POST", f"{path}/accept"))[0] == 409
    _, etag = head.report(report)
    head.fill_in(report, etag, cells={"1:plan": "10"})
    assert problem_of(head.ask("POST", f"{path}/submit")) == (409, "not-approved")
    head.post(f"{path}/approve", {})
    assert problem_of(head.ask("POST", f"{path}/approve", json={})) == (409, "already-approved")
    head.post(f"{path}/submit")
    assert problem_of(head.ask("POST", f"{path}/submit"))[0] == 409


def test_a_decomposed_name_is_stored_composed(town: Town) -> None:
    code = "07228"
    head, report = town.person(f"ld-{code}"), town.report_of(code)
    _, etag = head.report(report)
    heading = "III. Kiến nghị"
    view = head.fill_in(report, etag, narrative={heading: "hoa\u0300"})
    assert view["narrative"][heading] == "ho\u00e0"


def test_a_body_that_is_cut_off_changes_nothing(town: Town) -> None:
    request = (
        f"POST {ACCOUNTS}/sessions HTTP/1.1\r\nHost: localhost\r\n"
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"username"'
    )
    with socket.create_connection(("127.0.0.1", town.hub.hub.port), timeout=10) as line:
        line.sendall(request.encode())
        line.shutdown(socket.SHUT_WR)
        assert b" 2" not in line.recv(4096).split(b"\r\n")[0]


def test_an_unknown_account_gets_the_same_answer_as_a_wrong_password(town: Town) -> None:
    answers = [
        town.http.post(f"{ACCOUNTS}/sessions", json={"username": name, "password": "x" * 20})
        for name in ("cb-07231", f"khong-co-{uuid4()}")
    ]
    assert problem_of(answers[0]) == problem_of(answers[1])
    assert json.loads(answers[0].text) == json.loads(answers[1].text)
