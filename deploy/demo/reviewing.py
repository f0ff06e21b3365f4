"""Step 6: send back, accept, consolidate, follow a total, set the document, forward (Điều 7.4)."""

from datetime import datetime, timedelta
from typing import Any

from contracts.calendar import ZONE
from deploy.demo.entering import MISSING, report_of
from deploy.demo.figures import figures_of, totals_of
from deploy.demo.pushing import PUSHED, codes
from deploy.demo.world import World
from deploy.scenario.client import SUBMISSIONS, Person, Refused

RETURNED = PUSHED + 3
"""The commune whose report goes back once."""
CELL = "1:c2"
FORMATS = ("docx", "pdf", "xlsx")


def send_back_and_accept(world: World) -> None:
    """Send one report back with a reason on a cell; it is corrected; accept all (Điều 7.4)."""
    reviewer = world.person("tong-hop-vpub")
    code = codes()[RETURNED]
    report, status = report_of(world, reviewer, code)
    if status == "submitted":
        _send_back(world, reviewer, report, code)
    accepted = reviewer.post(
        f"{SUBMISSIONS}/reports/accept-all", {"regime": world.regime, "period": world.period}
    )
    world.say(f"Tiếp nhận {accepted['accepted']} báo cáo trong một thao tác")


def _send_back(world: World, reviewer: Person, report: str, code: str) -> None:
    due = datetime.now(ZONE) + timedelta(days=2)
    order = {
        "reason": "Số trực tuyến cần đối chiếu lại",
        "cells": [CELL],
        "due_at": due.isoformat(),
    }
    reviewer.post(f"{SUBMISSIONS}/reports/{report}/send-back", order)
    officer, head = world.person(f"cb-{code}"), world.person(f"ld-{code}")
    view, etag = officer.report(report)
    world.expect(view["returned"]["cells"] == [CELL], "đơn vị thấy ô cần sửa")
    online, direct = int(view["cells"][CELL]), int(view["cells"]["1:c3"])
    corrected = {CELL: str(online + direct), "1:c3": "0"}
    officer.fill_in(report, etag, cells=corrected)
    head.post(f"{SUBMISSIONS}/reports/{report}/approve", {})
    head.post(f"{SUBMISSIONS}/reports/{report}/submit")
    world.say(f"Gửi trả lại {code} với ô {CELL}; đã sửa, phê duyệt và gửi lại")


def consolidate(world: World) -> None:
    """Consolidate; hold every total against a recomputation of our own; name who is missing."""
    reviewer = world.person("tong-hop-vpub").tracing(world.traceparent)
    view = _consolidation(world, reviewer)
    missing = [unit["agency"] for unit in view["missing"]]
    world.expect(sorted(missing) == sorted(codes()[-MISSING:]), f"nêu tên xã thiếu: {missing}")
    expected = totals_of(_sent(place) for place in range(len(codes()) - MISSING))
    differing = {
        cell: (value, view["totals"].get(cell, {}).get("value"))
        for cell, value in expected.items()
        if view["totals"].get(cell, {}).get("value") != value
    }
    world.expect(not differing, f"tổng bằng tính lại độc lập: {dict(list(differing.items())[:3])}")
    total = view["totals"]["TONG:c1"]["value"]
    world.say(
        f"{view['accepted']}/{view['expected']} xã; còn thiếu "
        f"{', '.join(unit['name'] for unit in view['missing'])}"
    )
    world.say(f"{len(expected)} tổng khớp với tính lại độc lập; tổng tiếp nhận {total} hồ sơ")
    world.links["Bản tổng hợp"] = f"{world.hub.origin}/tong-hop/{view['consolidation']}"
    _follow(world, reviewer, view)
    _documents(world, reviewer, view)
    _forward(world, reviewer, view)


def _consolidation(world: World, reviewer: Person) -> dict[str, Any]:
    asked = {"regime": world.regime, "period": world.period}
    found = reviewer.get(f"{SUBMISSIONS}/consolidations", **asked)["items"]
    forwarded = [one for one in found if one["state"] == "forwarded"]
    if forwarded:
        path = f"{SUBMISSIONS}/consolidations/{forwarded[0]['consolidation']}"
        kept: dict[str, Any] = reviewer.get(path)
        return kept
    new: dict[str, Any] = reviewer.post(f"{SUBMISSIONS}/consolidations", {**asked, "exclude": []})
    view: dict[str, Any] = reviewer.get(f"{SUBMISSIONS}/consolidations/{new['consolidation']}")
    return view


def is_forwarded(world: World) -> bool:
    """Say whether the period's report has gone to the authority already."""
    asked = {"regime": world.regime, "period": world.period}
    found = world.person("tong-hop-vpub").get(f"{SUBMISSIONS}/consolidations", **asked)["items"]
    return any(one["state"] == "forwarded" for one in found)


def _sent(place: int) -> dict[str, str]:
    cells = figures_of(place)
    if place == RETURNED:
        cells |= {CELL: str(int(cells[CELL]) + int(cells["1:c3"])), "1:c3": "0"}
    return cells


def _follow(world: World, reviewer: Person, view: dict[str, Any]) -> None:
    """Follow one total down to units, versions, persons and receipts."""
    path = f"{SUBMISSIONS}/consolidations/{view['consolidation']}/cells/{CELL}"
    origin = reviewer.get(path)
    kinds = [unit["source"]["kind"] for unit in origin["units"] if unit.get("source")]
    world.expect(
        kinds.count("receipt") == PUSHED and "person" in kinds,
        f"mỗi số đi đến tận biên nhận hoặc người nhập: {len(kinds)}",
    )
    world.say(
        f"Ô {CELL} = {origin['value']}: {kinds.count('receipt')} xã từ biên nhận, "
        f"{kinds.count('person')} xã từ người nhập"
    )


def _documents(world: World, reviewer: Person, view: dict[str, Any]) -> None:
    folder = world.hub.home / "demo"
    folder.mkdir(exist_ok=True)
    for name in FORMATS:
        path = f"{SUBMISSIONS}/consolidations/{view['consolidation']}/document"
        answer = reviewer.ask("GET", path, params={"format": name})
        world.expect(answer.status_code == 200, f"văn bản {name}: {answer.status_code}")
        (folder / f"tong-hop.{name}").write_bytes(answer.content)
    world.links["Văn bản"] = str(folder)
    world.say(f"Word, PDF, Excel theo thể thức: {folder}")


def _forward(world: World, reviewer: Person, view: dict[str, Any]) -> None:
    path = f"{SUBMISSIONS}/consolidations/{view['consolidation']}"
    try:
        reviewer.post(f"{path}/forward")
    except Refused as why:
        if why.status != 409:
            raise
    forwarded = reviewer.get(path)
    world.expect(forwarded["state"] == "forwarded", "báo cáo đã gửi cấp có thẩm quyền")
    world.say(f"Đã gửi {forwarded['recipient']}")
