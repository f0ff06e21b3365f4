"""What a receipt gives to take away: rejections as a table that Excel opens."""

import csv
import io
import json
from typing import Any
from uuid import UUID

import pytest

from chassis.clock import now
from connector_gateway.commands import deliveries
from connector_gateway.domain.receipts import Completion, ReceiptState
from tests.support.gateway import Gateway
from tests.support.partner import Partner, a_delivery

REJECTION = {
    "pointer": "/reports/0/values/1/0",
    "agency": "07201",
    "row": "2",
    "column": "c2",
    "value": "12,5",
    "type": "/problems/not-a-decimal",
    "detail": "Giá trị không phải là số thập phân",
}
COUNTS = {"created": 3, "updated": 0, "unchanged": 0, "rejected": 1}


async def a_receipt(gateway: Gateway, partner: Partner) -> str:
    """Push and return the place of the receipt."""
    return str((await partner.push(a_delivery())).headers["location"])


async def finish(
    gateway: Gateway, place: str, state: ReceiptState = ReceiptState.COMPLETED, **result: Any
) -> None:
    """Let submissions say what became of a delivery."""
    receipt = UUID(place.rsplit("/", 1)[-1])
    async with gateway.database.transaction() as session:
        await deliveries.complete(
            session, [Completion(receipt, state, json.dumps(result).encode())], now=now()
        )


async def table(partner: Partner, place: str) -> list[list[str]]:
    """Download the rejections and read them as Excel does."""
    answer = await partner.receipt(f"{place}/rejections.csv")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_rejections_are_downloaded_as_a_table(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    place = await a_receipt(gateway, partner)
    await finish(gateway, place, counts=COUNTS, rejections=[REJECTION])
    assert await table(partner, place) == [list(REJECTION), list(REJECTION.values())]
    answer = await partner.receipt(f"{place}/rejections.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
async def test_no_cell_of_the_table_runs_as_a_formula(gateway: Gateway, value: str) -> None:
    partner = await gateway.open("qg-tthc")
    place = await a_receipt(gateway, partner)
    await finish(gateway, place, counts=COUNTS, rejections=[REJECTION | {"value": value}])
    _, line = await table(partner, place)
    assert line[4] == f"'{value}"


async def test_what_was_refused_as_a_whole_names_its_reason(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    place = await a_receipt(gateway, partner)
    problem = {"type": "/problems/regime-not-in-force", "title": "…", "detail": "Chưa có hiệu lực"}
    await finish(gateway, place, ReceiptState.REFUSED, counts={}, problem=problem)
    _, line = await table(partner, place)
    assert line == ["", "", "", "", "", "/problems/regime-not-in-force", "Chưa có hiệu lực"]


async def test_there_is_no_table_before_the_end(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    place = await a_receipt(gateway, partner)
    answer = await partner.receipt(f"{place}/rejections.csv")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/receipt-unfinished")


async def test_nobody_downloads_the_rejections_of_another_connection(gateway: Gateway) -> None:
    partner, other = await gateway.open("mot"), await gateway.open("hai")
    place = await a_receipt(gateway, partner)
    answer = await other.receipt(f"{place}/rejections.csv")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-connection")
