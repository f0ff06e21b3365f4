"""Step 4: a ministry system signs in and pushes figures of 120 communes (Điều 3.5)."""

import json
from datetime import datetime
from typing import Any

from contracts.calendar import ZONE
from deploy.demo.figures import figures_of, matrix_of
from deploy.demo.world import World, side_by_side
from deploy.scenario.agencies import communes
from deploy.scenario.client import CONNECTIONS, SUBMISSIONS, Refused, System

PUSHED = 120
BY_HAND = 5
"""Pushed communes whose heads approve each report themselves."""
AT_ONCE = 12
BAD = ["/problems/not-a-decimal", "/problems/cell-is-derived", "/problems/cell-not-assigned"]


def codes() -> list[str]:
    """Return the codes of the communes, in order."""
    return [str(commune["code"]) for commune in communes()]


def let_send(world: World) -> None:
    """Let heads give standing approval for what the system pushes (Điều 9.2)."""
    today = datetime.now(ZONE).date().isoformat()

    def give(code: str) -> None:
        body = {"connection": "qg-tthc", "regime": world.regime, "valid_from": today}
        try:
            world.person(f"ld-{code}").post(f"{SUBMISSIONS}/standing-approvals", body)
        except Refused as why:
            if why.problem.get("type") != "/problems/standing-approval-exists":
                raise

    trusting = codes()[: PUSHED - BY_HAND]
    side_by_side(give, trusting)
    world.say(f"{len(trusting)} thủ trưởng phê duyệt thường trực cho kết nối qg-tthc")


def push(world: World) -> None:
    """Push 120 communes in ten deliveries; the same bytes again answer the same receipt."""
    system = world.system("qg-tthc").tracing(world.traceparent)
    bodies = [
        (f"demo-{world.period}-{start}", _body(world, start)) for start in range(0, PUSHED, AT_ONCE)
    ]
    receipts = [_pushed(world, system, key, body) for key, body in bodies]
    final = [_final(world, system, receipt) for receipt in receipts]
    counts = _added(final)
    world.expect(
        counts["rejected"] == 0 and sum(counts.values()) == PUSHED * 80,
        f"mọi số liệu được nhận: {counts}",
    )
    world.say(f"{len(final)} lần gửi, {PUSHED} xã: {_in_words(counts)}")
    again = _pushed(world, system, *bodies[0])
    world.expect(again == receipts[0], "gửi lại đúng nội dung cũ nhận cùng một biên nhận")
    world.say(f"Gửi lại đúng nội dung đầu tiên: vẫn biên nhận {again}")
    world.links["Biên nhận"] = f"{world.hub.origin}{_path(system, receipts[0])}"


def push_bad_figures(world: World) -> None:
    """Push three bad figures; the receipt names all three with their places."""
    system = world.system("dan-cu")
    agency = codes()[-1]
    body = {
        "regime": world.regime,
        "period": world.period,
        "figures": [
            {"agency": agency, "row": "1", "column": "c2", "value": "12,5"},
            {"agency": agency, "row": "1", "column": "c1", "value": "7"},
            {"agency": agency, "row": "99", "column": "c2", "value": "7"},
            {"agency": agency, "row": "2", "column": "c2", "value": "7"},
        ],
    }
    key = f"demo-{world.period}-bad"
    receipt = _final(world, system, _pushed(world, system, key, json.dumps(body).encode()))
    found = {one["pointer"]: one["type"] for one in receipt["rejections"]}
    world.expect(list(found.values()) == BAD, f"biên nhận nêu đủ ba số liệu sai: {found}")
    for one in receipt["rejections"]:
        world.say(f"Bị từ chối {one['pointer']} ({one['type']}): {one['detail']}")


def _body(world: World, start: int) -> bytes:
    places = range(start, start + AT_ONCE)
    reports = [matrix_of(codes()[place], figures_of(place)) for place in places]
    body = {"regime": world.regime, "period": world.period, "submit": True, "reports": reports}
    return json.dumps(body).encode()


def _pushed(world: World, system: System, key: str, body: bytes) -> str:
    answer = system.push(body, key=key)
    world.expect(answer.status_code == 202, f"nhận 202, được {answer.status_code}: {answer.text}")
    return str(answer.json()["receipt"])


def _final(world: World, system: System, receipt: str) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        found = system.receipt(receipt)
        return found if found["state"] in {"completed", "refused"} else None

    found = world.until(done, f"biên nhận {receipt} hoàn tất")
    world.expect(found["state"] == "completed", f"biên nhận hoàn tất: {found.get('problem')}")
    return found


def _path(system: System, receipt: str) -> str:
    return f"{CONNECTIONS}/connections/{system.code}/deliveries/{receipt}"


def _added(receipts: list[dict[str, Any]]) -> dict[str, int]:
    names = ("created", "updated", "unchanged", "rejected")
    return {name: sum(receipt["counts"][name] for receipt in receipts) for name in names}


def _in_words(counts: dict[str, int]) -> str:
    return (
        f"{counts['created']} số liệu mới, {counts['updated']} thay đổi, "
        f"{counts['unchanged']} như cũ, {counts['rejected']} bị từ chối"
    )
