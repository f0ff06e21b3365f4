"""What can be taken away from a receipt: its rejections as a table, and a proof of it."""

import csv
import io
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis.clock import Now
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.api.callers import OwnSystemOrReader
from connector_gateway.api.deliveries import find_receipt
from connector_gateway.commands.keys import signing_key
from connector_gateway.domain.ledger import canonical
from connector_gateway.domain.receipts import ReceiptState
from connector_gateway.errors.deliveries import ReceiptUnfinished
from connector_gateway.queries import View
from connector_gateway.queries import ledger as ledger_queries
from connector_gateway.queries.deliveries import ReceiptView

router = APIRouter(tags=["deliveries"])

CSV = "text/csv"
COLUMNS = ("pointer", "agency", "row", "column", "value", "type", "detail")
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the machine."""
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so may be a formula; an apostrophe before it makes it text."""
ALGORITHM = "Ed25519"
UNFINISHED = frozenset({ReceiptState.RECEIVED.value, ReceiptState.HELD.value})


class ProofView(View):
    """A receipt that can be checked without the hub (`connector_gateway.verify_receipt`)."""

    statement: str
    """JSON with sorted keys and no spaces, exactly as it is signed (UTF-8)."""
    signature: str
    """Of `statement`, base64url without padding."""
    kid: str
    """Of the key in `jwks.json`."""
    alg: str = ALGORITHM


@router.get(
    "/connections/{code}/deliveries/{receipt}/rejections.csv",
    response_class=Response,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
async def download_rejections(
    code: CodeInPath, receipt: UUID, request: Request, who: OwnSystemOrReader, now: Now
) -> Response:
    """Return every figure that was not taken, a line each, as Excel opens it (UTF-8 with BOM).

    Where nothing could be taken for one reason, that reason is the only line. A cell that a
    spreadsheet would run as a formula has an apostrophe before it. 404 `receipt-unknown`,
    409 `receipt-unfinished`.
    """
    found = await find_receipt(request, who, code, receipt, now)
    if found.state in UNFINISHED:
        raise ReceiptUnfinished(receipt=receipt)
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows(_lines(found))
    headers = {
        "Content-Disposition": f'attachment; filename="rejections-{receipt}.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text.getvalue().encode(), media_type=CSV, headers=headers)


def _lines(receipt: ReceiptView) -> Iterator[list[str]]:
    rejections = receipt.rejections or ([receipt.problem] if receipt.problem else [])
    for rejection in rejections:
        yield [_harmless(rejection.get(column) or "") for column in COLUMNS]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(RUN_BY_SPREADSHEETS) else cell


@router.get("/connections/{code}/deliveries/{receipt}/proof")
async def show_proof(
    code: CodeInPath, receipt: UUID, request: Request, who: OwnSystemOrReader, now: Now
) -> ProofView:
    """Return the receipt as a signed statement that holds without the hub.

    `statement` names receipt, connection, `sha256` of the body as sent, `received_at`, `epoch`,
    `ledger_index`, `ledger_hash`, and once final `state` and `counts`. `signature` is Ed25519 over
    its UTF-8 bytes with the key `kid` of `jwks.json`. 404 `receipt-unknown`.
    """
    found = await find_receipt(request, who, code, receipt, now)
    async with request.app.state.database.transaction() as session:
        ledger_hash = await ledger_queries.hash_of(session, code, found.ledger_index)
    said: dict[str, object] = {
        "receipt": str(receipt),
        "connection": code,
        "sha256": found.sha256,
        "received_at": found.received_at.isoformat(),
        "epoch": found.epoch,
        "ledger_index": found.ledger_index,
        "ledger_hash": ledger_hash.hex(),
    }
    if found.state not in UNFINISHED:
        said["state"] = found.state
        said["counts"] = found.counts.model_dump() if found.counts else None
    statement = canonical(said)
    key = signing_key(request.app.state.settings.signing_key_file)
    signature = urlsafe_b64encode(key.sign(statement.encode())).rstrip(b"=").decode()
    return ProofView(statement=statement, signature=signature, kid=key.kid)
