"""The steps that fill a hub, each repeatable: what stands already is left as it is."""

import json
import secrets
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.calendar import ZONE
from contracts.periods import CutOffRule, Frequency, Period
from deploy.scenario.agencies import LEAD_AGENCY, LEGAL_BASIS, OPERATOR, all_agencies, communes
from deploy.scenario.client import (
    ACCOUNTS,
    CATALOG,
    CONNECTIONS,
    SUBMISSIONS,
    Person,
    Refused,
    new_key,
)

FORMS = Path(__file__).parent / "forms"
DECISION = {
    "number": "1375/QĐ-UBND",
    "issued_on": "2022-12-30",
    "issuer": "Ủy ban nhân dân tỉnh Bắc Giang",
}
LEADS = {
    "TTHC-II06A": LEAD_AGENCY,
    "CDS-XA": OPERATOR,
    "BCQC": OPERATOR,
    "KTXH-THANG": LEAD_AGENCY,
}
PATIENCE = 30.0


def new_password() -> str:
    """Return a strong password."""
    return secrets.token_urlsafe(24)


def open_agencies(operator: Person) -> dict[str, int]:
    """Open the province, its districts, communes, departments and vertical agencies."""
    found: dict[str, int] = operator.post(
        f"{ACCOUNTS}/agencies", {"legal_basis": LEGAL_BASIS, "agencies": all_agencies()}
    )
    return found


def staff() -> list[dict[str, Any]]:
    """Return the accounts of the province's own agencies: every role."""
    known = [
        ("chuyen-vien-vpub", "Nguyễn Thị Hà", LEAD_AGENCY, ["officer"]),
        ("thu-truong-vpub", "Trần Văn Minh", LEAD_AGENCY, ["agency_head"]),
        ("tong-hop-vpub", "Lê Thu Hương", LEAD_AGENCY, ["lead_agency_reviewer"]),
        ("tong-hop-stttt", "Phạm Quang Huy", OPERATOR, ["lead_agency_reviewer"]),
        ("van-hanh", "Đỗ Thanh Tùng", OPERATOR, ["operator"]),
        ("ket-noi-1", "Vũ Thị Lan", OPERATOR, ["connection_operator"]),
        ("ket-noi-2", "Hoàng Đức Anh", OPERATOR, ["connection_operator"]),
        ("kiem-toan", "Bùi Thị Mai", "TTT", ["auditor"]),
        ("quan-tri-2", "Ngô Xuân Bách", OPERATOR, ["administrator"]),
        ("chu-quan-stp", "Lý Thị Ngọc", "STP", ["agency_head"]),
    ]
    return [
        {"username": name, "display_name": shown, "agency": agency, "roles": roles}
        for name, shown, agency, roles in known
    ]


def people() -> list[dict[str, Any]]:
    """Return the accounts of the scenarios: every role, an officer and a head in each commune."""
    wanted = staff()
    for commune in communes():
        code, name = str(commune["code"]), str(commune["name"])
        wanted.append(
            {
                "username": f"cb-{code}",
                "display_name": f"Cán bộ {name}",
                "agency": code,
                "roles": ["officer"],
            }
        )
        wanted.append(
            {
                "username": f"ld-{code}",
                "display_name": f"Chủ tịch {name}",
                "agency": code,
                "roles": ["agency_head"],
            }
        )
    return wanted


def issue_accounts(
    operator: Person, wanted: Sequence[dict[str, Any]], known: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Issue the accounts that ``known`` does not name; return all with their passwords."""
    have = {account["username"] for account in known}
    new = [
        {
            **one,
            "email": f"{one['username']}@bacgiang.gov.vn",
            "password": new_password(),
            "is_initial_password": False,
        }
        for one in wanted
        if one["username"] not in have
    ]
    if not new:
        return list(known)
    moment = datetime.now(ZONE)
    request = {
        "number": f"{moment:%H%M%S}/STTTT-BCVT",
        "date": moment.date().isoformat(),
        "received_at": moment.isoformat(),
        "agency": OPERATOR,
        "action": "issue",
        "reason": "new",
    }
    operator.post(f"{ACCOUNTS}/accounts", {"written_request": request, "accounts": new})
    issued = [
        {
            "username": one["username"],
            "password": one["password"],
            "totp_secret": None,
            "roles": one["roles"],
            "agency": one["agency"],
        }
        for one in new
    ]
    return [*known, *issued]


def put_in_force(operator: Person, code: str) -> None:
    """Draft a regime, put it in force on its legal basis, designate its lead agency (Đ5.1, 7.1)."""
    draft = json.loads((FORMS / f"{code}.json").read_text(encoding="utf-8"))
    found = operator.post(f"{CATALOG}/regimes", draft)
    if found["status"] == "DRAFT":
        operator.post(
            f"{CATALOG}/regimes/{code}/put-in-force",
            {"legal_basis": DECISION, "in_force_from": "2023-01-15"},
        )
    patiently(
        lambda: operator.post(
            f"{CATALOG}/regimes/{code}/designations",
            {"agency": LEADS[code], "legal_basis": DECISION},
        ),
        "agency-unknown",
    )


def period_under_way(code: str) -> str:
    """Return the period of a regime that is under way today."""
    draft = json.loads((FORMS / f"{code}.json").read_text(encoding="utf-8"))
    rule, frequency = CutOffRule(draft["cut_off_rule"]), Frequency(draft["frequency"])
    return Period.under_way(frequency, datetime.now(ZONE).date(), rule).code


def assign(reviewer: Person, code: str, period: str, **more: Any) -> int:
    """Assign a regime's report of a period in one action (Đ7.2): to every commune, or ``units``."""
    units = more.pop("units", None) or [str(commune["code"]) for commune in communes()]
    order = {"regime": code, "period": period, "units": units, **more}
    try:
        found = patiently(
            lambda: reviewer.post(f"{SUBMISSIONS}/assignments", order),
            "regime-not-in-force",
            "not-lead-agency",
            "unit-unknown",
            "calendar-missing",
        )
    except Refused as why:
        if why.problem.get("type") == "/problems/already-assigned":
            return 0
        raise
    return int(found["reports"])


def assign_year(reviewer: Person, code: str) -> None:
    """Assign all twelve months of this year, each with its cut-off still ahead."""
    today = datetime.now(ZONE).date()
    cut_off = today + timedelta(days=20)
    for month in range(1, 13):
        assign(
            reviewer,
            code,
            f"{today.year}-{month:02}",
            cut_off_on=_day(cut_off),
            due_at=_due(cut_off),
        )


def _day(day: date) -> str:
    return day.isoformat()


def _due(cut_off: date) -> str:
    due = datetime.combine(cut_off + timedelta(days=20), datetime.min.time(), ZONE)
    return due.replace(hour=17).isoformat()


def open_connection(
    operator: Person,
    folder: Path,
    code: str,
    *,
    name: str,
    system: dict[str, str],
    directions: Sequence[str],
    **more: Any,
) -> dict[str, Any]:
    """Register a system and open its connection with a key of its own; return how to enter."""
    key_file = folder / f"{code}.pem"
    ignore_taken(lambda: operator.post(f"{CONNECTIONS}/systems", system))
    secret = new_password()
    body = {
        "code": code,
        "name": name,
        "system": system["code"],
        "directions": list(directions),
        "client_secret": secret,
        "public_jwk": new_key(key_file),
        **more,
    }
    operator.post(f"{CONNECTIONS}/connections", body)
    return {
        "code": code,
        "client_id": code,
        "client_secret": secret,
        "private_key_file": str(key_file),
        "directions": list(directions),
    }


def ignore_taken(act: Any) -> None:
    """Act; that it stands already is well."""
    try:
        act()
    except Refused as why:
        if why.status != 409:
            raise


def patiently(act: Any, *slugs: str) -> Any:
    """Act; while facts of another service are still on their way, try again."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except Refused as why:
            waits = why.problem.get("type", "") in {f"/problems/{slug}" for slug in slugs}
            if not waits or time.monotonic() > end:
                raise
            time.sleep(0.2)
