"""Standing approvals (public interface §3): recorded by the head, dated, revocable."""

from datetime import date
from typing import Any

import pytest

from tests.support.reporting import COMMUNES, REGIME, Reporting, a_head, an_officer, places, slug

PATH = "/standing-approvals"
ORDER: dict[str, Any] = {
    "connection": "qg-tthc",
    "regime": REGIME,
    "valid_from": "2026-06-01",
    "valid_to": "2026-12-31",
}


async def test_a_head_records_one_for_the_own_unit(hub: Reporting) -> None:
    answer = await hub.call("POST", PATH, ORDER, by=a_head())
    assert answer.status_code == 201
    assert answer.json()["agency"] == COMMUNES[0]
    listed = (await hub.call("GET", PATH, by=a_head())).json()["items"]
    assert [one["connection"] for one in listed] == ["qg-tthc"]
    assert (await hub.call("GET", PATH, by=a_head(COMMUNES[1]))).json()["items"] == []


async def test_a_second_one_for_the_same_is_refused(hub: Reporting) -> None:
    await hub.call("POST", PATH, ORDER, by=a_head())
    answer = await hub.call("POST", PATH, ORDER, by=a_head(subject="pho-chu-tich"))
    assert (answer.status_code, slug(answer)) == (409, "standing-approval-exists")


async def test_one_that_ended_makes_way_for_the_next(hub: Reporting) -> None:
    await hub.call("POST", PATH, {**ORDER, "valid_to": "2026-06-02"}, by=a_head())
    hub.clock.moment = hub.clock.moment and hub.clock.moment.replace(day=3)
    answer = await hub.call("POST", PATH, {**ORDER, "valid_from": "2026-06-03"}, by=a_head())
    assert answer.status_code == 201
    assert hub.rows("SELECT count(*) FROM standing_approvals") == [(2,)]


async def test_a_revoked_one_makes_way_and_is_not_revoked_twice(hub: Reporting) -> None:
    given = (await hub.call("POST", PATH, ORDER, by=a_head())).json()["id"]
    assert (await hub.call("DELETE", f"{PATH}/{given}", by=a_head(COMMUNES[1]))).status_code == 404
    assert (await hub.call("DELETE", f"{PATH}/{given}", by=a_head())).status_code == 204
    again = await hub.call("DELETE", f"{PATH}/{given}", by=a_head())
    assert slug(again) == "standing-approval-not-found"
    assert (await hub.call("POST", PATH, ORDER, by=a_head())).status_code == 201


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"regime": "KHONG-CO"}, None),
        ({"valid_to": "2026-05-01"}, "/valid_to"),
        ({"valid_from": date.min.isoformat()}, "/valid_from"),
        ({"connection": "QG TTHC"}, "/connection"),
        ({"valid_from": "hôm nay"}, "/valid_from"),
    ],
)
async def test_one_that_makes_no_sense_is_refused(
    hub: Reporting, change: dict[str, str], place: str | None
) -> None:
    answer = await hub.call("POST", PATH, {**ORDER, **change}, by=a_head())
    assert answer.status_code == 422, answer.text
    assert place is None or place in places(answer)


async def test_only_a_head_lets_a_connection_send(hub: Reporting) -> None:
    assert (await hub.call("POST", PATH, ORDER, by=an_officer())).status_code == 403
