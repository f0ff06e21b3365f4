"""Step 5: officers of the other communes enter figures; heads approve and send (Điều 7.3, 9.2)."""

import re
from collections.abc import Mapping

import httpx

from deploy.demo.figures import figures_of
from deploy.demo.pushing import BY_HAND, PUSHED, codes
from deploy.demo.world import World, side_by_side
from deploy.scenario.client import SUBMISSIONS, Person

MISSING = 2
"""Communes that send nothing, so that the consolidation names them."""
IN_PORTAL = PUSHED
"""The commune whose officer works in the portal."""


def enter(world: World) -> None:
    """Let officers enter figures over the API and one of them in the portal."""
    by_api = range(PUSHED + 1, len(codes()) - MISSING)
    side_by_side(lambda place: enter_over_api(world, place), list(by_api))
    world.say(f"{len(by_api)} cán bộ nhập qua giao diện lập trình")
    enter_in_portal(world, IN_PORTAL)
    world.say(f"Cán bộ {codes()[IN_PORTAL]} nhập trên cổng, thủ trưởng phê duyệt và gửi ở đó")
    by_hand = range(PUSHED - BY_HAND, PUSHED)
    side_by_side(lambda place: approve_and_send(world, place), [*by_api, *by_hand])
    world.say(f"{len(by_api) + BY_HAND} thủ trưởng phê duyệt và gửi; {MISSING} xã chưa gửi")


def report_of(world: World, person: Person, code: str) -> tuple[str, str]:
    """Return the report of a commune and where it stands."""
    found = person.get(
        f"{SUBMISSIONS}/reports", regime=world.regime, period=world.period, unit=code
    )
    [item] = found["items"]
    return str(item["report"]), str(item["status"])


def enter_over_api(world: World, place: int) -> None:
    """Enter a commune's figures, unless they have been sent already."""
    code = codes()[place]
    officer = world.person(f"cb-{code}")
    report, status = report_of(world, officer, code)
    if status == "assigned":
        _, etag = officer.report(report)
        officer.fill_in(report, etag, cells=figures_of(place))


def approve_and_send(world: World, place: int) -> None:
    """Approve and send a commune's report as its head, unless it has been sent."""
    code = codes()[place]
    head = world.person(f"ld-{code}")
    report, status = report_of(world, head, code)
    if status == "draft":
        head.post(f"{SUBMISSIONS}/reports/{report}/approve", {})
    if status in {"draft", "approved"}:
        head.post(f"{SUBMISSIONS}/reports/{report}/submit")


def enter_in_portal(world: World, place: int) -> None:
    """Do the same on the portal's pages, as a browser would."""
    code = codes()[place]
    report, status = report_of(world, world.person(f"ld-{code}"), code)
    if status != "assigned":
        return
    officer = Browser(world, f"cb-{code}")
    page = officer.open(f"/bao-cao/{report}")
    officer.save(report, page, figures_of(place))
    head = Browser(world, f"ld-{code}")
    page = head.open(f"/bao-cao/{report}")
    head.send_form(f"/bao-cao/{report}/phe-duyet", page, version="1")
    head.send_form(f"/bao-cao/{report}/gui", page)
    _, status = report_of(world, world.person(f"ld-{code}"), code)
    world.expect(status == "submitted", f"báo cáo nhập trên cổng đã gửi: {status}")


class Browser:
    """What a browser does with the portal's pages: keeps the cookie, sends their forms."""

    def __init__(self, world: World, username: str) -> None:
        self._world = world
        self._http = httpx.Client(base_url=world.hub.origin, timeout=60)
        [account] = [one for one in world.facts["accounts"] if one["username"] == username]
        form = {"username": username, "password": account["password"], "back": "/"}
        answer = self._http.post("/dang-nhap", data=form, headers=self._headers())
        world.expect(answer.status_code == 303, f"đăng nhập cổng: {answer.status_code}")
        # The cookie is Secure; a browser sends it to localhost, this client has to be told.
        self._cookie = answer.headers["set-cookie"].split(";", 1)[0]

    def _headers(self, **more: str) -> Mapping[str, str]:
        return {"Sec-Fetch-Site": "same-origin", **more}

    def open(self, path: str) -> str:
        """Open a page."""
        answer = self._http.get(path, headers=self._headers(Cookie=self._cookie))
        self._world.expect(answer.status_code == 200, f"mở {path}: {answer.status_code}")
        return answer.text

    def save(self, report: str, page: str, cells: Mapping[str, str]) -> None:
        """Save figures as the grid does."""
        answer = self._http.patch(
            f"/bao-cao/{report}/so-lieu",
            json={"cells": dict(cells), "notes": {}},
            headers=self._headers(
                **{
                    "Cookie": self._cookie,
                    "If-Match": _data(page, "etag"),
                    "X-Form-Token": _data(page, "token"),
                }
            ),
        )
        self._world.expect(answer.status_code == 200, f"lưu trên cổng: {answer.text}")

    def send_form(self, path: str, page: str, **fields: str) -> None:
        """Send a form of a page."""
        answer = self._http.post(
            path,
            data={"form_token": _data(page, "token"), **fields},
            headers=self._headers(Cookie=self._cookie),
        )
        self._world.expect(answer.status_code == 303, f"{path}: {answer.status_code}")


def _data(page: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', page)
    return found[1].replace("&#34;", '"').replace("&quot;", '"') if found else ""
