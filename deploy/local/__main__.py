"""The commands of the embedded hub, from up and down to force-majeure and redrive."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime
from typing import Annotated

import psutil
import typer
from rich.console import Console

from chassis.redrive import redrive as send_dead_letters_again
from contracts.calendar import ZONE
from deploy.local import declarations, demo_file, record, status, traces
from deploy.local.layout import ROOT, Hub, hub_from_environment
from deploy.local.logs import last_lines, open_log
from deploy.local.parts import parts_of
from deploy.local.processes import end
from deploy.local.record import Phase, Record
from deploy.local.supervisor import FIRST_START, CannotStart, Supervisor, check_ports, only_one
from deploy.scenario import Scenario

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
STOP_LIMIT = 12.0


def _refuse(why: str) -> typer.Exit:
    console.print(why, style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)


@app.command()
def run() -> None:
    """Run the hub in the foreground until SIGTERM or Ctrl-C."""
    hub = hub_from_environment()
    hub.make_folders()
    os.umask(0o077)  # what the parts write is for the account that runs them
    try:
        with only_one(hub):
            left = record.end_leftovers(hub)
            if left:
                console.print(f"Ended what an earlier run left behind: {', '.join(left)}")
            check_ports(hub)
            why = asyncio.run(Supervisor(hub, parts_of(hub)).run())
    except CannotStart as error:
        raise _refuse(str(error)) from None
    if why:
        raise _refuse(why)


@app.command()
def up(
    scenario: Annotated[Scenario, typer.Option(envvar="SCENARIO")] = Scenario.EMPTY,
) -> None:
    """Start the hub in the background; return when every part is ready."""
    hub = hub_from_environment()
    hub.make_folders()
    began = time.monotonic()
    there = record.running(hub)
    if there and there.port != hub.port:
        raise _refuse(f"A hub already runs on {hub.home} at port {there.port} (pid {there.pid}).")
    if there is None:
        _start_in_background(hub)
    _wait_until_ready(hub, began)
    demo_file.write(hub, demo_file.read(hub))
    console.print(f"The hub is ready at {hub.origin} after {time.monotonic() - began:.1f} s.")
    if scenario is not Scenario.EMPTY:
        subprocess.run([sys.executable, "-m", "deploy.scenario", scenario], cwd=ROOT, check=True)


def _start_in_background(hub: Hub) -> None:
    with open_log(hub.logs, "supervisor") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "run"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while record.running(hub) is None:
        if process.poll() is not None:
            raise _refuse(last_lines(hub.logs, "supervisor"))
        time.sleep(0.05)


def _wait_until_ready(hub: Hub, began: float) -> None:
    shown: set[str] = set()
    until = began + FIRST_START + 10
    while time.monotonic() < until:
        now = record.read(hub)
        supervisor = now.supervisor() if now else None
        if now is None or now.phase is Phase.FAILED or supervisor is None:
            psutil.wait_procs([supervisor] if supervisor else [], timeout=STOP_LIMIT)
            raise _refuse(now.why if now and now.why else last_lines(hub.logs, "supervisor"))
        for part in now.parts:
            if part.state in ("ready", "done") and part.name not in shown:
                shown.add(part.name)
                console.print(f"{time.monotonic() - began:6.1f} s  {part.name} {part.state}")
        if now.phase is Phase.READY:
            return
        time.sleep(0.05)
    raise _refuse("The supervisor does not answer; see its log.")


@app.command()
def down() -> None:
    """Stop the hub in reverse order; keep its data."""
    hub = hub_from_environment()
    there = record.running(hub)
    if there is None:
        left = record.end_leftovers(hub) if hub.run.exists() else []
        console.print(
            f"No hub runs on {hub.home}." + (f" Ended: {', '.join(left)}" if left else "")
        )
        return
    console.print(f"The hub stopped after {_stop(hub, there):.1f} s.")


def _stop(hub: Hub, there: Record) -> float:
    began = time.monotonic()
    supervisor = there.supervisor()
    if supervisor:
        end([supervisor], grace=STOP_LIMIT)
    record.end_leftovers(hub)
    return time.monotonic() - began


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False) -> None:
    """Stop the hub and remove all its data, after asking."""
    hub = hub_from_environment()
    if not hub.home.exists():
        console.print(f"Nothing stands at {hub.home}.")
        return
    if not yes:
        typer.confirm(f"Remove {hub.home} with all its data?", abort=True)
    there = record.running(hub)
    if there:
        _stop(hub, there)
    elsewhere = (hub.data / "postgres").resolve()
    shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.rmtree(hub.home)
    console.print(f"Removed {hub.home}.")


@app.command("force-majeure")
def force_majeure(
    reason: Annotated[str, typer.Option(help="why, as the public may read it")] = "",
    until: Annotated[str, typer.Option(help="expected end, ISO 8601")] = "",
) -> None:
    """Close the whole system to the public at once (Điều 8.1b); services may be down."""
    hub = hub_from_environment()
    try:
        if reason or declarations.standing(hub) is None:
            ends = datetime.fromisoformat(until).astimezone(ZONE) if until else None
            declarations.declare(hub, reason, ends, now=datetime.now(ZONE))
        _say_settled(declarations.settle(hub))
    except (declarations.Refused, ValueError) as why:
        raise _refuse(str(why)) from None


@app.command("resume-system")
def resume_system(
    remedy: Annotated[str, typer.Option(help="what was done about it")] = "",
    held: Annotated[str, typer.Option(help="all or latest of what was held")] = "all",
) -> None:
    """End a force majeure: take the page down and lift the order (Điều 8.3)."""
    hub = hub_from_environment()
    try:
        there = declarations.standing(hub)
        if remedy or there is None or there.ended_at is None:
            declarations.end(hub, remedy, held, now=datetime.now(ZONE))
        _say_settled(declarations.settle(hub))
    except declarations.Refused as why:
        raise _refuse(str(why)) from None


def _say_settled(known: declarations.Declaration | None) -> None:
    if known is None:
        return
    page = "Its page is gone." if known.ended_at else "The gateway shows it from now on."
    order = f"Order {known.suspension}." if known.suspension else "No connection to stop."
    if not known.is_settled:
        order = "The database does not answer: the order waits and is given when the hub is up."
    console.print(f"Declared at {known.declared_at}. {page} {order}")


@app.command("status")
def show_status() -> None:
    """Show parts, ports, memory, restarts, lag and outbox depth."""
    hub = hub_from_environment()
    there = record.running(hub)
    if there is None:
        raise _refuse(f"No hub runs on {hub.home}.")
    status.show(Hub(hub.home, there.port), there, console)


@app.command()
def trace(trace_id: str) -> None:
    """Show a trace and what links to it as a tree."""
    if not traces.show(hub_from_environment().traces, trace_id, console):
        raise _refuse(f"No span of trace {trace_id} was written.")


@app.command()
def redrive(
    service: str, reason: Annotated[str | None, typer.Option(help="only letters with it")] = None
) -> None:
    """Send a service's dead letters through once more."""
    bootstrap = hub_from_environment().kafka_bootstrap
    back, passed = asyncio.run(send_dead_letters_again(bootstrap, service, reason=reason))
    console.print(f"{back} dead letters of {service} put back, {passed} passed over.")


if __name__ == "__main__":
    app()
