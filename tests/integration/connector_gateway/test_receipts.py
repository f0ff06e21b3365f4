"""What a receipt gives to take away: rejections as a table, a proof that holds without the hub."""

import asyncio
import csv
import hashlib
import io
import json
import sys
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chassis.clock import now
from connector_gateway.commands import deliveries
from connector_gateway.domain.receipts import Completion, ReceiptState
from connector_gateway.verify_receipt import ProofFails, main, verify
from tests.support.gateway import Gateway
from tests.support.partner import API, Partner, a_delivery

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


def bytes_of(text: str) -> bytes:
    """Read base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def kept(gateway: Gateway, partner: Partner, place: str) -> dict[str, bytes]:
    """Return what an outsider keeps: the proof, the public keys, the body as sent."""
    proof = await partner.receipt(f"{place}/proof")
    assert proof.status_code == 200, proof.text
    keys = await gateway.client.get(f"{API}/jwks.json")
    body = json.dumps(a_delivery()).encode()
    return {"proof.json": proof.content, "jwks.json": keys.content, "body.json": body}


def laid(folder: Path, files: dict[str, bytes]) -> list[str]:
    """Lay files into a folder and return where they are."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in ("proof.json", "jwks.json", "body.json")]


async def test_a_proof_verifies_by_its_specification_alone(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    place = await a_receipt(gateway, partner)
    proof = (await partner.receipt(f"{place}/proof")).json()
    keys = (await gateway.client.get(f"{API}/jwks.json")).json()["keys"]
    (key,) = [one for one in keys if one["kid"] == proof["kid"]]
    public = Ed25519PublicKey.from_public_bytes(bytes_of(key["x"]))
    public.verify(bytes_of(proof["signature"]), proof["statement"].encode())
    said = json.loads(proof["statement"])
    assert proof["alg"] == "Ed25519"
    assert said["receipt"] == place.rsplit("/", 1)[-1]
    assert said["connection"] == "qg-tthc"
    assert said["sha256"] == hashlib.sha256(json.dumps(a_delivery()).encode()).hexdigest()
    (entry,) = gateway.rows(
        "SELECT entry::jsonb, hash FROM ledger_entries WHERE chain = 'qg-tthc' AND index = %s",
        said["ledger_index"],
    )
    assert (entry[0]["receipt"], entry[1].hex()) == (said["receipt"], said["ledger_hash"])
    assert (entry[0]["at"], entry[0]["epoch"]) == (said["received_at"], said["epoch"])
    assert "state" not in said


async def test_the_proof_of_a_final_receipt_names_what_became_of_it(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    place = await a_receipt(gateway, partner)
    await finish(gateway, place, counts=COUNTS)
    said = json.loads((await partner.receipt(f"{place}/proof")).json()["statement"])
    assert (said["state"], said["counts"]) == ("completed", COUNTS)


async def test_a_proof_is_checked_away_from_the_hub(gateway: Gateway, tmp_path: Path) -> None:
    partner = await gateway.open("qg-tthc")
    place = await a_receipt(gateway, partner)
    await finish(gateway, place, counts=COUNTS)
    places = laid(tmp_path, await kept(gateway, partner, place))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "connector_gateway.verify_receipt", *places),
        stdout=asyncio.subprocess.PIPE,
        env={},
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert "Biên nhận ĐÚNG" in said.decode()
    assert "tạo mới 3, cập nhật 0, không đổi 0, từ chối 1" in said.decode()


async def test_one_byte_changed_anywhere_is_found(gateway: Gateway) -> None:
    partner = await gateway.open("qg-tthc")
    proof, keys, body = (await kept(gateway, partner, await a_receipt(gateway, partner))).values()
    assert verify(proof, keys, body)
    for at in range(len(proof)):
        for bit in (1, 2):
            changed = proof[:at] + bytes([proof[at] ^ bit]) + proof[at + 1 :]
            with pytest.raises(ProofFails):
                verify(changed, keys, body)
    with pytest.raises(ProofFails, match="other-body"):
        verify(proof, keys, body + b" ")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({"proof.json": b"[]"}, "tệp bằng chứng không đúng dạng", id="no proof"),
        pytest.param({"jwks.json": b"{}"}, "tệp khóa công khai không đúng dạng", id="no keys"),
        pytest.param({"jwks.json": b'{"keys": []}'}, "không có khóa", id="another key"),
        pytest.param({"body.json": b"x"}, "tệp đã gửi có SHA-256", id="another body"),
    ],
)
async def test_what_is_wrong_is_said(
    gateway: Gateway,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, bytes],
    why: str,
) -> None:
    partner = await gateway.open("qg-tthc")
    files = await kept(gateway, partner, await a_receipt(gateway, partner))
    assert main(laid(tmp_path, files | changed)) == 1
    assert f"Biên nhận KHÔNG ĐÚNG: {why}" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "khong-co.json")] * 2) == 1
    assert "khong-co.json" in capsys.readouterr().out
