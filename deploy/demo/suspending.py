"""Step 7: a flagged connection stops, everyone is told, a second person lifts it (Điều 8)."""

import mailbox
import time
from collections.abc import Callable
from email.header import decode_header, make_header
from typing import Any

import httpx

from deploy.demo.authority import Authority
from deploy.demo.world import World
from deploy.scenario.client import CONNECTIONS, Refused

CODE = "qg-tthc"
OUT = "chinh-phu"
OWNER = "chu-quan-tthc@vpcp.gov.vn"
NOTHING = b'{"regime": "TTHC-II06A", "period": "2026-H2", "reports": []}'


def suspend(world: World) -> dict[str, Any]:
    """Flag and suspend a connection on ground c; see it closed, told and proven."""
    watcher, operator = world.person("kiem-toan"), world.person("ket-noi-1")
    operator.post(
        f"{CONNECTIONS}/connections/{CODE}/flags", {"reason": "Chữ ký lạ từ địa chỉ không quen"}
    )
    system, other = world.system(CODE), world.system("dan-cu")
    system.headers()
    began = time.perf_counter()
    order: dict[str, Any] = operator.post(
        f"{CONNECTIONS}/suspensions",
        {
            "ground": "SECURITY_RISK",
            "scope": {"kind": "connection", "code": CODE, "directions": ["inbound"]},
            "public_reason": "Kết nối có dấu hiệu mất an toàn thông tin, đang kiểm tra",
            "internal_reason": "Chữ ký lạ",
        },
    )
    took = (time.perf_counter() - began) * 1000
    answer = system.push(NOTHING, key=f"demo-{order['id']}")
    problem = answer.json()
    world.expect(
        answer.status_code == 503 and problem["type"] == "/problems/connection-suspended",
        f"gửi tiếp nhận 503 connection-suspended: {answer.status_code} {answer.text}",
    )
    world.say(f"Tạm ngừng theo điểm c trong {took:.0f} ms; gửi tiếp: 503 connection-suspended")
    undisturbed = other.push(NOTHING, key=f"demo-other-{order['id']}")
    world.expect(undisturbed.status_code == 202, "kết nối khác không bị ảnh hưởng")
    world.say("Kết nối dan-cu vẫn hoạt động: 202")
    _told(world, order)
    seen = watcher.get(f"{CONNECTIONS}/connections/{CODE}")
    world.expect(
        seen["directions"]["inbound"]["admin_state"] == "SUSPENDED", "bảng kết nối: tạm ngừng"
    )
    return order


def _told(world: World, order: dict[str, Any]) -> None:
    notice = str(order["notice"])
    plain = httpx.Client(base_url=world.hub.origin, timeout=10)
    world.until(lambda: plain.get(notice).status_code == 200 or None, "thông báo công khai")
    number = notice.rsplit("/", 1)[-1]
    for path in ("/notices", "/notices.atom", "/notices.ics"):
        world.expect(number in plain.get(path).text, f"thông báo có trên {path}")
    world.until(lambda: _mail_to(world, OWNER, CODE) or None, "thư báo cơ quan chủ quản")
    world.say(f"Thông báo {notice}, Atom, iCal; thư báo cơ quan chủ quản {OWNER}")
    world.links["Thông báo công khai"] = f"{world.hub.origin}{notice}"
    world.person("chu-quan-stp").post(f"{CONNECTIONS}/suspensions/{order['id']}/acknowledge")
    world.say("Cơ quan chủ quản xác nhận đã được thông báo (Điều 8.4)")


def lift(world: World, order: dict[str, Any]) -> None:
    """Lift with a remedy and a second person; the first alone cannot."""
    path = f"{CONNECTIONS}/suspensions/{order['id']}"
    first, second = world.person("ket-noi-1"), world.person("ket-noi-2")
    first.post(
        f"{path}/lift",
        {"remedy": "Đã thay khóa và chặn địa chỉ lạ", "held": {"choose": "all"}},
    )
    try:
        first.post(f"{path}/lift/approve", {})
    except Refused as why:
        world.say(f"Một người tự duyệt bị từ chối: {why.status} {why.problem['type']}")
    else:
        world.expect(False, "một người không tự duyệt được")
    second.post(f"{path}/lift/approve", {})
    system = world.system(CODE)
    answer = world.until(
        lambda: _accepted(system.push(NOTHING, key=f"demo-lifted-{order['id']}")),
        "kết nối hoạt động trở lại",
    )
    world.say(f"Người thứ hai duyệt; kết nối hoạt động trở lại: {answer.status_code}")


def hold_and_release(world: World, authority: Authority, forward: Callable[[World], None]) -> None:
    """Stop the way out, see a delivery held, lift, see it arrive once."""
    operator, second = world.person("ket-noi-1"), world.person("ket-noi-2")
    order = operator.post(
        f"{CONNECTIONS}/suspensions",
        {
            "ground": "SECURITY_RISK",
            "scope": {"kind": "connection", "code": OUT, "directions": ["outbound"]},
            "public_reason": "Kiểm tra an toàn hệ thống nhận",
        },
    )
    before = set(authority.arrived)
    forward(world)
    held = world.until(lambda: _held(world) or None, "báo cáo gửi đi được giữ lại")
    world.expect(set(authority.arrived) == before, "không gì đi ra khi tạm ngừng")
    world.say(f"Chiều gửi đi tạm ngừng: giữ {held} báo cáo, không báo cáo nào đi ra")
    path = f"{CONNECTIONS}/suspensions/{order['id']}"
    operator.post(f"{path}/lift", {"remedy": "Đã kiểm tra", "held": {"choose": "all"}})
    second.post(f"{path}/lift/approve", {})
    world.until(
        lambda: len(set(authority.arrived) - before) == held or None, "báo cáo bị giữ đã đi"
    )
    world.expect(all(authority.arrived.values()), "chữ ký của báo cáo gửi đi kiểm tra được")
    world.say("Khôi phục: báo cáo bị giữ đã đi, đúng một lần, chữ ký đúng")


def _held(world: World) -> int:
    found = world.person("kiem-toan").get(f"{CONNECTIONS}/connections/{OUT}")
    return int(found["directions"]["outbound"]["held"]["count"])


def _accepted(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.status_code == 202 else None


def _mail_to(world: World, address: str, about: str) -> bool:
    box = mailbox.Maildir(world.hub.mail, create=False)
    return any(
        address in str(message["to"])
        and about in str(make_header(decode_header(message["subject"] or "")))
        for message in box
    )
