"""``python -m deploy.scenario demo|volume|load``: fill a running hub and say how to enter it."""

from typing import Any

import typer
from rich.console import Console

from deploy.local import demo_file
from deploy.local.layout import RECEIVER, Hub, hub_from_environment
from deploy.scenario import Scenario, steps
from deploy.scenario.client import Person, open_client

console = Console(highlight=False)
REGIMES = ("TTHC-II06A", "CDS-XA", "BCQC")
LOAD = 8


def main(scenario: Scenario) -> None:
    """Fill the hub with ``scenario``; running it again changes nothing."""
    if scenario is Scenario.EMPTY:
        return
    hub = hub_from_environment()
    facts = demo_file.read(hub)
    http = open_client(hub.origin)
    prepare_people(hub, http, facts, steps.staff() if scenario is Scenario.LOAD else steps.people())
    operator = person(http, facts, "van-hanh")
    for code in REGIMES:
        steps.put_in_force(operator, code)
        facts["periods"][code] = steps.period_under_way(code)
    console.print(f"Chế độ báo cáo có hiệu lực: {', '.join(REGIMES)}")
    for code, reviewer, units in (
        ("TTHC-II06A", "tong-hop-vpub", None),
        ("CDS-XA", "tong-hop-stttt", None),
        ("BCQC", "tong-hop-stttt", sorted(set(steps.LEADS.values()))),
    ):
        period = facts["periods"][code]
        given = steps.assign(person(http, facts, reviewer), code, period, units=units)
        console.print(f"Đã giao {code} kỳ {period}: {given} báo cáo")
    open_connections(hub, operator, facts)
    if scenario in (Scenario.VOLUME, Scenario.LOAD):
        fill_volume(hub, http, operator, facts)
    demo_file.write(hub, facts)


def prepare_people(
    hub: Hub, http: Any, facts: dict[str, Any], wanted: list[dict[str, Any]]
) -> None:
    """Open the agencies and issue accounts; keep the passwords at once."""
    first = facts["accounts"][0]
    administrator = Person(http, username=first["username"], password=first["password"])
    opened = steps.open_agencies(administrator)
    console.print(f"Cơ quan, đơn vị: mở mới {opened['opened']}, đã có {opened['unchanged']}")
    facts["accounts"] = steps.issue_accounts(administrator, wanted, facts["accounts"])
    demo_file.write(hub, facts)
    console.print(f"Tài khoản: {len(facts['accounts'])}")


def open_connections(hub: Hub, operator: Person, facts: dict[str, Any]) -> None:
    """Open two connections in and one out."""
    ministry = {
        "code": "he-thong-tthc-quoc-gia",
        "name": "Hệ thống thông tin giải quyết thủ tục hành chính quốc gia",
        "owner_agency": "STP",
        "owner_email": "chu-quan-tthc@vpcp.gov.vn",
    }
    population = {
        "code": "csdl-dan-cu",
        "name": "Cơ sở dữ liệu dân cư",
        "owner_agency": "CAT",
        "owner_email": "chu-quan-dan-cu@bca.gov.vn",
    }
    authority = {
        "code": "he-thong-bao-cao-chinh-phu",
        "name": "Hệ thống thông tin báo cáo Chính phủ",
        "owner_agency": "STP",
        "owner_email": "chu-quan-baocao@vpcp.gov.vn",
    }
    webhook = {
        "url": f"http://127.0.0.1:{hub.port + RECEIVER}/webhooks",
        "events": ["submissions.consolidation.forwarded.v1"],
    }
    have = {connection["code"] for connection in facts["connections"]}
    wanted: list[tuple[str, str, dict[str, str], list[str], dict[str, Any]]] = [
        (
            "qg-tthc",
            "Thủ tục hành chính quốc gia",
            ministry,
            ["inbound"],
            {"regimes": ["TTHC-II06A"]},
        ),
        ("dan-cu", "Dân cư", population, ["inbound"], {}),
        ("chinh-phu", "Báo cáo Chính phủ", authority, ["outbound"], {"webhook": webhook}),
    ]
    for code, name, system, directions, more in wanted:
        if code not in have:
            facts["connections"].append(
                steps.open_connection(
                    operator,
                    hub.secrets,
                    code,
                    name=name,
                    system=system,
                    directions=directions,
                    **more,
                )
            )
            demo_file.write(hub, facts)
    console.print(f"Kết nối: {len(facts['connections'])}")


def fill_volume(hub: Hub, http: Any, operator: Person, facts: dict[str, Any]) -> None:
    """Add twelve months of KTXH-THANG for every commune and eight connections that push."""
    code = "KTXH-THANG"
    steps.put_in_force(operator, code)
    steps.assign_year(person(http, facts, "tong-hop-vpub"), code)
    year = steps.period_under_way("TTHC-II06A")[:4]
    facts["periods"][code] = [f"{year}-{month:02}" for month in range(1, 13)]
    load = {
        "code": "thu-tai",
        "name": "Hệ thống thử tải",
        "owner_agency": "STTTT",
        "owner_email": "thu-tai@bacgiang.gov.vn",
    }
    have = {connection["code"] for connection in facts["connections"]}
    for number in range(1, LOAD + 1):
        if f"load-{number}" not in have:
            entry = steps.open_connection(
                operator,
                hub.secrets,
                f"load-{number}",
                name=f"Thử tải {number}",
                system=load,
                directions=["inbound"],
            )
            facts["connections"].append(entry)
            demo_file.write(hub, facts)
    console.print(f"Đã giao {code} cho 12 tháng; {LOAD} kết nối thử tải")


def person(http: Any, facts: dict[str, Any], username: str) -> Person:
    """Return a person of the scenario, ready to ask."""
    [account] = [one for one in facts["accounts"] if one["username"] == username]
    return Person(http, username=username, password=account["password"])


if __name__ == "__main__":
    typer.run(main)
