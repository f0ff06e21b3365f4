"""What the hub says afterwards, held against what was sent: nothing lost, doubled or changed."""

from collections.abc import Iterator, Sequence
from typing import Any

from deploy.scenario.client import CONNECTIONS, SUBMISSIONS
from tests.bench.load import COLUMNS, CONNECTED, REGIME, ROWS, Delivery, value_of
from tests.bench.pushing import Round
from tests.bench.results import Results
from tests.bench.stage import Stage
from tests.bench.wire import lines

Versions = dict[tuple[str, str], int]
"""The version at which the report of an agency and period stands."""
SAMPLE = 12


def check_receipts(stage: Stage, results: Results, workload: str, done: Round) -> None:
    """Every receipt is complete and counts exactly the figures that were sent."""
    left = dict(done.pushed)
    for code in CONNECTED:
        for receipt in _receipts(stage, code, sum(one.connection == code for one in left.values())):
            delivery = left.pop(receipt["receipt"], None)
            if delivery is None:
                continue
            counts = receipt["counts"] or {}
            results.expect(
                receipt["state"] == "completed"
                and counts["created"] + counts["updated"] == delivery.figures
                and not receipt["rejections"],
                f"{workload}: receipt {receipt['receipt']}: {receipt['state']} {counts}",
            )
        indices = sorted(done.indices[code])
        gapless = indices == list(range(indices[0], indices[0] + len(indices)))
        results.expect(gapless, f"{workload}: the ledger of {code} has gaps or doubles")
    results.expect(not left, f"{workload}: {len(left)} receipts are lost")


def _receipts(stage: Stage, code: str, count: int) -> Iterator[dict[str, Any]]:
    system, after = stage.system(code), None
    path = f"{CONNECTIONS}/connections/{code}/deliveries"
    while count > 0:
        asked = {"limit": 100} | ({"after": after} if after else {})
        page = system.get(path, **asked)
        yield from page["items"]
        count -= len(page["items"])
        after = page["next"]
        if not after:
            return


async def check_replay(stage: Stage, results: Results, workload: str, done: Round) -> None:
    """The same push again answers the same receipt."""
    latest = {one.connection: (receipt, one) for receipt, one in done.pushed.items()}
    async with lines(stage.hub.origin, 1) as [line]:
        for code, (receipt, delivery) in latest.items():
            answer = await line.ask(delivery.request(stage.token(code), stage.hub.origin))
            results.expect(
                answer.status == 202 and answer.json()["receipt"] == receipt,
                f"{workload}: the same push again: {answer.status} {answer.body[:200]!r}",
            )


def versions(stage: Stage, periods: list[str]) -> Versions:
    """Return the version at which each report of the year stands."""
    reviewer = stage.person("tong-hop-vpub")
    found: Versions = {}
    for period in periods:
        page = reviewer.get(f"{SUBMISSIONS}/reports", regime=REGIME, period=period, limit=500)
        found |= {(one["unit"], period): one["version"] for one in page["items"]}
    return found


def check_versions(
    results: Results, workload: str, before: Versions, after: Versions, rounds: Sequence[Round]
) -> None:
    """Every delivery made one version of each of its reports, none less and none more."""
    wanted = dict(before)
    for done in rounds:
        for delivery in done.pushed.values():
            for report in delivery.reports:
                wanted[report] += 1
    wrong = {
        report: (wanted[report], after.get(report))
        for report in wanted
        if wanted[report] != after.get(report)
    }
    results.expect(not wrong, f"{workload}: {len(wrong)} reports at another version: {wrong}"[:400])


def check_cells(stage: Stage, results: Results, workload: str, latest: Sequence[Delivery]) -> None:
    """What stands in the reports of the deliveries sent last is what they said."""
    reviewer = stage.person("kiem-toan")
    for delivery in latest[:: max(1, len(latest) // SAMPLE)]:
        agency, period = delivery.reports[0]
        asked = {"regime": REGIME, "period": period, "unit": agency}
        [item] = reviewer.get(f"{SUBMISSIONS}/reports", **asked)["items"]
        cells = reviewer.get(f"{SUBMISSIONS}/reports/{item['report']}")["cells"]
        wanted = {
            f"{row}:{column}": value_of(delivery.run, place, number)
            for place, row in enumerate(ROWS)
            for number, column in enumerate(COLUMNS)
        }
        wrong = {cell for cell, value in wanted.items() if not _same(cells.get(cell), value)}
        said = f"{workload}: {agency} {period} holds other figures: {wrong}"
        results.expect(not wrong, said[:300])


def _same(found: str | None, sent: str) -> bool:
    return found is not None and found.removesuffix(".0") == sent.removesuffix(".0")
