"""What can be taken away from a receipt: its rejections as a table."""

import csv
import io
from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter, Request, Response

from chassis.clock import Now
from connector_gateway.api.bodies import CodeInPath
from connector_gateway.api.callers import OwnSystemOrReader
from connector_gateway.api.deliveries import find_receipt
from connector_gateway.domain.receipts import ReceiptState
from connector_gateway.errors import ReceiptUnfinished
from connector_gateway.queries.deliveries import ReceiptView

router = APIRouter(tags=["deliveries"])

CSV = "text/csv"
COLUMNS = ("pointer", "agency", "row", "column", "value", "type", "detail")
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the machine."""
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so may be a formula; an apostrophe before it makes it text."""
UNFINISHED = frozenset({ReceiptState.RECEIVED.value, ReceiptState.HELD.value})


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
