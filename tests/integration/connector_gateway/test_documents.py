"""Documents of a forwarded report: what the signed webhook names is what its receiver fetches."""

import hashlib
import json
from typing import Any

import httpx

from connector_gateway.jobs.dispatcher import Dispatcher
from tests.support.gateway import Gateway
from tests.support.outbound import forward, open_outbound, send_all
from tests.support.partner import Partner, Receiver

PDF = b"%PDF-1.7 b\xc3\xa1o c\xc3\xa1o"


async def told(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher, *, sha256: str = "ab" * 32
) -> tuple[Partner, list[dict[str, str]]]:
    """Forward a report; return its receiver and what the webhook says of the documents."""
    partner = await open_outbound(gateway, receiver)
    await forward(gateway, sha256=sha256)
    await send_all(dispatcher)
    (payload,) = receiver.verified(gateway.keys)
    documents: list[dict[str, str]] = payload["data"]["documents"]
    return partner, documents


async def fetched(gateway: Gateway, partner: Partner, href: str) -> httpx.Response:
    """Fetch a document with the connection's own token."""
    return await gateway.client.get(href, headers=await partner.headers())


async def test_the_json_that_is_fetched_has_the_digest_that_was_signed(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    partner, (as_json, _) = await told(gateway, receiver, dispatcher)
    answer = await fetched(gateway, partner, as_json["href"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert hashlib.sha256(answer.content).hexdigest() == as_json["sha256"]
    facts: dict[str, Any] = answer.json()
    assert facts["totals"] == {"1:c2": "1200"}
    written = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert answer.content == written.encode()


async def test_the_pdf_that_is_fetched_has_the_digest_that_was_signed(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    digest = hashlib.sha256(PDF).hexdigest()
    partner, (_, as_pdf) = await told(gateway, receiver, dispatcher, sha256=digest)
    assert (as_pdf["media_type"], as_pdf["sha256"]) == ("application/pdf", digest)
    gateway.settings.submissions_url = f"http://{receiver.target}"
    receiver.says, receiver.answers = PDF, ["200"]
    answer = await fetched(gateway, partner, as_pdf["href"])
    assert (answer.status_code, answer.content) == (200, PDF)
    asked = receiver.received[-1].headers["authorization"]
    assert asked.startswith("Bearer ")
    assert asked != (await partner.headers())["Authorization"]


async def test_a_pdf_with_another_digest_is_never_given_out(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    partner, (_, as_pdf) = await told(gateway, receiver, dispatcher)
    gateway.settings.submissions_url = f"http://{receiver.target}"
    receiver.says, receiver.answers = PDF, ["200"]
    answer = await fetched(gateway, partner, as_pdf["href"])
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/document-unavailable")


async def test_while_submissions_is_down_the_json_is_there_and_the_pdf_comes_later(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    partner, (as_json, as_pdf) = await told(gateway, receiver, dispatcher)
    gateway.settings.submissions_url = "http://127.0.0.1:9"
    assert (await fetched(gateway, partner, as_json["href"])).status_code == 200
    answer = await fetched(gateway, partner, as_pdf["href"])
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/document-unavailable")
    assert answer.headers["retry-after"]


async def test_another_system_fetches_nothing(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    _, documents = await told(gateway, receiver, dispatcher)
    stranger = await gateway.open("khac")
    for document in documents:
        assert (await fetched(gateway, stranger, document["href"])).status_code == 403


async def test_an_event_that_is_no_report_has_no_document(
    gateway: Gateway, receiver: Receiver
) -> None:
    await open_outbound(gateway, receiver)
    test = (await gateway.call("POST", "/connections/ubnd-tinh/dispatches/test")).json()
    for kind in ("json", "pdf"):
        path = f"/connections/ubnd-tinh/dispatches/{test['id']}/document.{kind}"
        answer = await gateway.call("GET", path)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/document-unknown")


async def test_a_suspended_connection_fetches_no_document(
    gateway: Gateway, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    partner, documents = await told(gateway, receiver, dispatcher)
    await partner.sign_in()
    await gateway.suspend("ubnd-tinh")
    for document in documents:
        answer = await fetched(gateway, partner, document["href"])
        assert answer.json()["type"] == "/problems/connection-suspended"
