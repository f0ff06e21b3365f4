"""A full disk: refused in clear words, nothing half-written, nothing acknowledged lost."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connector_gateway.domain.ledger import Link, verify
from tests.support.gateway import Gateway, a_gateway
from tests.support.partner import Partner, a_delivery
from tests.support.postgres import fresh_database
from tests.support.small_disk import SmallDisk, a_small_disk

CHAIN = "SELECT chain, index, at, entry, hash FROM ledger_entries WHERE chain = 'qg-tthc'"
TAKEN = "SELECT idempotency_key FROM receipts ORDER BY ledger_index"
SENT_ON = "SELECT count(*) FROM outbox WHERE type = 'connector-gateway.delivery.received.v1'"


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A disk of 1 MiB."""
    with a_small_disk() as disk:
        if disk is None:
            pytest.skip("this account may not mount a file system")
        yield disk


async def fill_up(partner: Partner) -> tuple[list[str], httpx.Response]:
    """Push until there is no room; return the keys that were taken, and the refusal."""
    keys: list[str] = []
    for number in range(500):
        answer = await partner.push(a_delivery(figures=300), key=f"k-{number}")
        if answer.status_code != 202:
            return keys, answer
        keys.append(f"k-{number}")
    raise AssertionError("the disk is never full")


def states(gateway: Gateway) -> list[list[tuple[object, ...]]]:
    """Return what stands of the connection's deliveries."""
    return [gateway.rows(query) for query in (f"{CHAIN} ORDER BY index", TAKEN, SENT_ON)]


async def test_a_full_disk_refuses_and_loses_nothing(disk: SmallDisk, tmp_path: Path) -> None:
    with fresh_database("connector-gateway") as url:
        disk.take(url, "outbox", "receipts", "ledger_entries")
        async with a_gateway(url, tmp_path) as gateway:
            partner = await gateway.open("qg-tthc")
            keys, refusal = await fill_up(partner)
            before = states(gateway)
            assert (refusal.status_code, refusal.json()["type"]) == (507, "/problems/storage-full")
            assert refusal.json()["detail"] == (
                "Máy chủ đã hết chỗ lưu trữ; chưa có gì được ghi nhận hay thay đổi."
            )
            assert int(refusal.headers["retry-after"]) > 0
            again = await partner.push(a_delivery(figures=300), key=f"k-{len(keys)}")
            assert again.status_code == 507
            assert states(gateway) == before
            disk.grow()
            mended = await partner.push(a_delivery(figures=300), key=f"k-{len(keys)}")
            assert mended.status_code == 202, mended.text
            assert gateway.rows(TAKEN) == [(key,) for key in [*keys, f"k-{len(keys)}"]]
            assert gateway.rows(SENT_ON) == [(len(keys) + 1,)]
            links = [Link(*row) for row in gateway.rows(f"{CHAIN} ORDER BY index")]
            assert verify("qg-tthc", links) is None
