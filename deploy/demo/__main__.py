"""``python -m deploy.demo``: run the main job on the hub that runs, step by step."""

import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from deploy.demo import entering, pushing, reviewing, suspending
from deploy.demo.authority import Authority, listening
from deploy.demo.world import NotAsPromised, World
from deploy.local import demo_file
from deploy.local.layout import RECEIVER, hub_from_environment
from deploy.scenario import Scenario
from deploy.scenario import __main__ as scenario
from deploy.scenario.client import Refused, open_client

console = Console(highlight=False)
Step = tuple[str, Callable[[World], object]]


def main() -> int:
    """Run every step; return 1 where the hub does not keep a promise, saying which."""
    hub = hub_from_environment()
    began = time.monotonic()
    console.rule("Hệ thống thông tin báo cáo: việc chính trên số liệu thật")
    try:
        console.print("[bold]1–3. Cơ quan, tài khoản, chế độ báo cáo, giao báo cáo[/]")
        scenario.main(Scenario.DEMO)
        world = World(hub, open_client(hub.origin), demo_file.read(hub), console)
        with listening(hub.origin, hub.port + RECEIVER) as authority:
            _run(
                world,
                [
                    ("4. Thủ trưởng cho hệ thống gửi thay", pushing.let_send),
                    ("   Hệ thống bộ, ngành gửi số liệu của 120 xã", pushing.push),
                    ("   Một lần gửi có ba số liệu sai", pushing.push_bad_figures),
                    ("5. Cán bộ nhập, thủ trưởng phê duyệt và gửi", entering.enter),
                    ("6. Gửi trả lại, tiếp nhận", reviewing.send_back_and_accept),
                ],
            )
            _forward_while_stopped(world, authority)
            _run(
                world,
                [
                    ("7. Kết nối bị cảnh báo: tạm ngừng, thông báo, khôi phục", _stop_and_lift),
                ],
            )
    except (NotAsPromised, Refused) as why:
        console.print(f"KHÔNG ĐẠT: {why}", style="bold red", markup=False, soft_wrap=True)
        return 1
    _summary(world, time.monotonic() - began)
    return 0


def _run(world: World, steps: list[Step]) -> None:
    for name, step in steps:
        console.print(f"[bold]{name}[/]")
        began = time.monotonic()
        step(world)
        console.print(f"   [dim]{time.monotonic() - began:.1f} giây[/]")


def _forward_while_stopped(world: World, authority: Authority) -> None:
    """Consolidate and forward while the way out is stopped: it is held, then goes out."""
    console.print(
        "[bold]   Tổng hợp, văn bản, gửi cấp có thẩm quyền (chiều gửi đi đang tạm ngừng)[/]"
    )
    if reviewing.is_forwarded(world):
        reviewing.consolidate(world)
    else:
        suspending.hold_and_release(world, authority, reviewing.consolidate)


def _stop_and_lift(world: World) -> None:
    suspending.lift(world, suspending.suspend(world))


def _summary(world: World, seconds: float) -> None:
    table = Table(title=f"Xong sau {seconds:.0f} giây", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Cổng thông tin", world.hub.origin)
    table.add_row("Tài khoản và mật khẩu", str(demo_file.demo_file(world.hub)))
    for name, link in world.links.items():
        table.add_row(name, link)
    table.add_row("Vết của lần gửi đến tổng hợp", f"make trace ID={world.trace_id}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
