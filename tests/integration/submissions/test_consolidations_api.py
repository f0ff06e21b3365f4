"""Step 4 over HTTP (Điều 7.4): consolidate, drill down, take the document, forward."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from contracts.accounts.v1 import Role
from tests.support.reporting import (
    API,
    COMMUNES,
    LEAD,
    OTHER_LEAD,
    PERIOD,
    REGIME,
    Reporting,
    a_head,
    a_person,
    a_reviewer,
    an_officer,
    asking,
    places,
    slug,
)
from tests.support.services import a_token

ORDER: dict[str, Any] = {"regime": REGIME, "period": PERIOD}


async def consolidated(hub: Reporting) -> str:
    """Bring one report of three to acceptance, consolidate, return the path of the result."""
    reports = await hub.assign()
    await hub.send(reports[COMMUNES[0]])
    await hub.accept(reports[COMMUNES[0]])
    answer = await hub.call("POST", "/consolidations", ORDER, by=a_reviewer())
    assert answer.status_code == 201, answer.text
    return f"/consolidations/{answer.json()['consolidation']}"


async def test_the_view_names_the_missing_and_counts_every_state(hub: Reporting) -> None:
    path = await consolidated(hub)
    view = (await hub.call("GET", path, by=a_reviewer())).json()
    assert (view["accepted"], view["expected"], view["state"]) == (1, 3, "completed")
    assert [unit["agency"] for unit in view["missing"]] == list(COMMUNES[1:])
    assert view["totals"]["1:c2"] == {
        "value": "5",
        "figures": 1,
        "nil": 0,
        "not_applicable": 0,
        "missing": 2,
        "is_derived": False,
    }
    assert view["totals"]["1:c4"]["nil"] == 1
    assert view["totals"]["TONG:c1"]["value"] == "5"


async def test_a_total_leads_to_the_person_who_filled_it_in(hub: Reporting) -> None:
    path = await consolidated(hub)
    found = (await hub.call("GET", f"{path}/cells/1:c2", by=a_reviewer())).json()
    (unit,) = found["units"]
    assert (unit["agency"], unit["state"], unit["value"]) == (COMMUNES[0], "figure", "5")
    assert (unit["source"]["kind"], unit["source"]["name"]) == (
        "person",
        f"Người của {COMMUNES[0]}",
    )


async def test_a_cell_that_is_none_is_not_found(hub: Reporting) -> None:
    path = await consolidated(hub)
    answer = await hub.call("GET", f"{path}/cells/1:c99", by=a_reviewer())
    assert (answer.status_code, slug(answer)) == (404, "cell-not-found")


FORMATS = {"docx": b"PK\x03\x04", "xlsx": b"PK\x03\x04", "pdf": b"%PDF-"}


@pytest.mark.parametrize(("kind", "mark"), FORMATS.items(), ids=FORMATS.keys())
async def test_the_document_comes_in_three_formats(hub: Reporting, kind: str, mark: bytes) -> None:
    path = await consolidated(hub)
    answer = await hub.call("GET", f"{path}/document?format={kind}", by=a_reviewer())
    assert answer.content.startswith(mark)
    assert f'filename="{REGIME}-{PERIOD}.{kind}"' in answer.headers["Content-Disposition"]


async def test_word_says_who_sent_it_to_whom_and_who_is_missing(hub: Reporting) -> None:
    path = await consolidated(hub)
    answer = await hub.call("GET", f"{path}/document?format=docx", by=a_reviewer())
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        text = package.read("word/document.xml").decode()
    for said in ("UBND TỈNH BẮC GIANG", "Số: 01/BC-VPUBNDT", "Kính gửi: Văn phòng Chính phủ"):
        assert said in text
    assert f"Xã {COMMUNES[1]}; Xã {COMMUNES[2]}" in text
    assert "./." in text


async def test_an_unknown_format_is_refused_with_its_place(hub: Reporting) -> None:
    path = await consolidated(hub)
    answer = await hub.call("GET", f"{path}/document?format=odt", by=a_reviewer())
    assert (answer.status_code, list(places(answer))) == (422, ["/query/format"])


async def test_what_was_forwarded_is_served_byte_for_byte(hub: Reporting) -> None:
    path = await consolidated(hub)
    sent = await hub.call("POST", f"{path}/forward", by=a_reviewer())
    assert sent.json()["state"] == "forwarded"
    [fact] = hub.said("submissions.consolidation.forwarded.v1")
    document = (await hub.call("GET", f"{path}/document?format=pdf", by=a_reviewer())).content
    [(stored,)] = hub.rows("SELECT document FROM consolidations")
    assert document == bytes(stored)
    assert fact["sha256"] == sent.json()["sha256"]
    again = await hub.call("POST", f"{path}/forward", by=a_reviewer())
    assert (again.status_code, slug(again)) == (409, "already-forwarded")
    anew = await hub.call("POST", "/consolidations", ORDER, by=a_reviewer())
    assert (anew.status_code, slug(anew)) == (409, "already-forwarded")
    assert len(hub.said("submissions.consolidation.forwarded.v1")) == 1


async def test_the_gateway_fetches_what_was_forwarded_for_a_connection_that_may_have_it(
    hub: Reporting,
) -> None:
    path = await consolidated(hub)
    asked = f"{API}/forwarded/{path.rpartition('/')[2]}/document"
    early = await hub.client.get(asked, headers=asking())
    assert (early.status_code, slug(early)) == (404, "consolidation-not-found")
    await hub.call("POST", f"{path}/forward", by=a_reviewer())
    [fact] = hub.said("submissions.consolidation.forwarded.v1")
    answer = await hub.client.get(asked, headers=asking())
    assert answer.headers["content-type"] == "application/pdf"
    assert hashlib.sha256(answer.content).hexdigest() == fact["sha256"]
    granted = asking(grant=json.dumps({"regimes": [REGIME], "agencies": None}))
    assert (await hub.client.get(asked, headers=granted)).content == answer.content
    other = asking(grant='{"regimes":["KHAC"],"agencies":null}')
    assert (await hub.client.get(asked, headers=other)).status_code == 404


async def test_nobody_but_the_gateway_fetches_a_forwarded_document(hub: Reporting) -> None:
    path = await consolidated(hub)
    asked = f"{API}/forwarded/{path.rpartition('/')[2]}/document"
    system = {"Authorization": f"Bearer {a_token(connection='qg-tthc')}"}
    for who in (a_reviewer(), an_officer(), system, asking(iss="accounts")):
        answer = await hub.client.get(asked, headers=who)
        assert (answer.status_code, slug(answer)) == (403, "gateway-only")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no reason": ({"exclude": [{"agency": COMMUNES[0]}]}, "/exclude/0/reason"),
    "blank reason": ({"exclude": [{"agency": COMMUNES[0], "reason": "  "}]}, "/exclude/0/reason"),
    "unknown unit": ({"exclude": [{"agency": "99", "reason": "x"}]}, "/exclude/0/agency"),
    "unknown field": ({"units": []}, "/units"),
    "broken text": ({"exclude": [{"agency": "9", "reason": "\ufffd"}]}, "/exclude/0/reason"),
}


@pytest.mark.parametrize(("order", "place"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_order_is_refused_with_its_place(
    hub: Reporting, order: dict[str, Any], place: str
) -> None:
    await hub.assign()
    answer = await hub.call("POST", "/consolidations", {**ORDER, **order}, by=a_reviewer())
    assert (answer.status_code, list(places(answer))) == (422, [place])


async def test_nothing_accepted_is_no_consolidation(hub: Reporting) -> None:
    await hub.assign()
    answer = await hub.call("POST", "/consolidations", ORDER, by=a_reviewer())
    assert (answer.status_code, slug(answer)) == (409, "nothing-accepted")


async def test_an_unknown_regime_is_refused(hub: Reporting) -> None:
    order = {**ORDER, "regime": "KHAC"}
    answer = await hub.call("POST", "/consolidations", order, by=a_reviewer())
    assert slug(answer) == "regime-not-in-force"


STRANGERS = {
    "officer": (an_officer(LEAD), 403, 403),
    "head": (a_head(), 403, 403),
    "connection operator": (a_person(Role.CONNECTION_OPERATOR, agency="24"), 403, 403),
    "reviewer of another agency": (a_reviewer(OTHER_LEAD), 403, 404),
    "auditor": (a_person(Role.AUDITOR, agency="24"), 403, 200),
    "operator": (a_person(Role.OPERATOR, agency="24"), 403, 200),
}


@pytest.mark.parametrize(("who", "changing", "reading"), STRANGERS.values(), ids=STRANGERS.keys())
async def test_only_the_lead_agency_changes_and_few_others_read(
    hub: Reporting, who: dict[str, str], changing: int, reading: int
) -> None:
    path = await consolidated(hub)
    made = await hub.call("POST", "/consolidations", ORDER, by=who)
    sent = await hub.call("POST", f"{path}/forward", by=who)
    assert made.status_code == changing
    assert sent.status_code in {403, 404}
    for place in (path, f"{path}/cells/1:c2", f"{path}/document"):
        assert (await hub.call("GET", place, by=who)).status_code == reading


async def test_a_list_shows_only_what_one_may_see_the_latest_first(hub: Reporting) -> None:
    await consolidated(hub)
    await hub.call("POST", "/consolidations", ORDER, by=a_reviewer())
    page = (await hub.call("GET", "/consolidations?limit=1", by=a_reviewer())).json()
    assert [item["revision"] for item in page["items"]] == [2]
    rest = await hub.call("GET", f"/consolidations?after={page['next']}", by=a_reviewer())
    assert [item["revision"] for item in rest.json()["items"]] == [1]
    others = await hub.call("GET", "/consolidations", by=a_reviewer(OTHER_LEAD))
    assert others.json() == {"items": [], "next": None}
