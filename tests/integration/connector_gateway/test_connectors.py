"""What every connector on the menu promises, held against real servers (Điều 3.5)."""

import json
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest

from chassis.clock import now
from chassis.errors import Refusal
from connector_gateway.commands import pulls as commands
from connector_gateway.commands.keys import signing_key
from connector_gateway.connectors.menu import MENU, source_of
from connector_gateway.domain.pulls import Turn
from connector_gateway.domain.sources import Content, Step
from connector_gateway.errors.pulls import PullReplaced
from connector_gateway.jobs.puller import Puller
from tests.support.pulled import WRONG, Pulled, digest, some

UNREADABLE = b'{"reports": ['


async def offered(pulled: Pulled, count: int = 3) -> list[str]:
    """Offer so many deliveries; return their digests."""
    for name, body in some(count).items():
        pulled.system.offer(name, body)
    return [digest(body) for body in some(count).values()]


async def begin(pulled: Pulled) -> Turn:
    """Claim a turn as a runner does."""
    async with pulled.gateway.database.transaction() as session:
        turn = await commands.claim(session, now=now())
    assert turn is not None
    return turn


async def steps_of(pulled: Pulled, turn: Turn) -> list[Step]:
    """Ask the source as a runner does, up to the first content."""
    settings = pulled.gateway.settings
    key = signing_key(settings.signing_key_file)
    source = source_of(turn, key, permitted=settings.private_targets)
    found: list[Step] = []
    async with aclosing(MENU[turn.kind](source)) as steps:
        async for step in steps:
            found.append(step)
            if isinstance(step.offered, Content):
                break
    return found


async def take(pulled: Pulled, turn: Turn, step: Step) -> Refusal | None:
    """Take in a step as a runner does."""
    async with pulled.gateway.database.transaction() as session:
        return await commands.take(session, turn, step, now=now())


async def test_what_is_new_is_taken_once_in_order(pulled: Pulled) -> None:
    digests = await offered(pulled)
    for _ in range(3):
        await pulled.turn()
    assert pulled.taken == digests
    pulled.system.offer("them", json.dumps({"figures": []}).encode())
    await pulled.turn()
    assert len(pulled.taken) == 4
    view = await pulled.view()
    assert (view["failures"], view["problems"], view["is_running"]) == (0, [], False)
    assert view["last_success_at"]


async def test_what_was_taken_is_a_push_with_receipt_ledger_and_outbox(pulled: Pulled) -> None:
    [sha256] = await offered(pulled, 1)
    await pulled.turn()
    rows = pulled.gateway.rows(
        """SELECT r.idempotency_key, r.content_type, l.entry FROM receipts AS r
           JOIN ledger_entries AS l ON l.chain = 'qg-tthc' AND l.index = r.ledger_index"""
    )
    [(key, content_type, entry)] = rows
    assert (key[:5], content_type) == ("pull-", "application/json")
    assert json.loads(entry)["sha256"] == sha256
    query = "SELECT count(*) FROM outbox WHERE type = 'connector-gateway.delivery.received.v1'"
    assert pulled.gateway.rows(query) == [(1,)]


async def test_another_content_in_the_same_place_is_taken_even_if_it_was_there_before(
    pulled: Pulled,
) -> None:
    first, second = some(2).values()
    for body in (first, second, first):
        pulled.system.offer("bao-cao", body)
        await pulled.turn()
        await pulled.turn()
    assert pulled.taken == [digest(first), digest(second), digest(first)]


async def test_a_runner_that_died_leaves_nothing_lost_and_nothing_doubled(pulled: Pulled) -> None:
    digests = await offered(pulled)
    dead = await begin(pulled)
    for step in await steps_of(pulled, dead):
        assert await take(pulled, dead, step) is None
    assert pulled.taken == digests[:1]
    assert await pulled.turn() == 0, "the dead one's lease still runs"
    pulled.gateway.execute("UPDATE pulls SET claimed_until = now() - interval '1 second'")
    assert await pulled.turn() == 1
    assert pulled.taken == digests


async def test_a_step_taken_by_two_runners_counts_once(pulled: Pulled) -> None:
    digests = await offered(pulled, 1)
    slow = await begin(pulled)
    found = await steps_of(pulled, slow)
    pulled.gateway.execute("UPDATE pulls SET claimed_until = now() - interval '1 second'")
    await pulled.turn()
    with pytest.raises(PullReplaced):
        await take(pulled, slow, found[-1])
    assert pulled.taken == digests


async def test_a_source_is_asked_by_one_runner_at_a_time(pulled: Pulled) -> None:
    await begin(pulled)
    async with pulled.gateway.database.transaction() as session:
        assert await commands.claim(session, now=now()) is None


async def test_a_turn_that_is_cut_short_goes_on_where_it_stopped(pulled: Pulled) -> None:
    digests = await offered(pulled)
    pulled.system.begin_to_fail("bao-cao-2")
    await pulled.turn()
    assert pulled.taken == digests[:1]
    error = (await pulled.view())["last_error"]
    assert error["type"] == "/problems/pull-source-failed"
    pulled.system.mend()
    await pulled.turn()
    assert pulled.taken == digests
    assert (await pulled.view())["failures"] == 0


async def test_a_stopping_worker_gives_its_turn_back(pulled: Pulled) -> None:
    puller = Puller(pulled.gateway.database, pulled.gateway.settings)
    await puller.round()
    await puller.close()
    assert (await pulled.view())["is_running"] is False
    await offered(pulled, 1)
    await pulled.turn()
    assert len(pulled.taken) == 1


async def test_what_cannot_be_read_is_kept_as_a_problem_and_the_rest_is_taken(
    pulled: Pulled,
) -> None:
    first, _, third = await offered(pulled)
    pulled.system.offer("bao-cao-2", UNREADABLE)
    for _ in range(2):
        await pulled.turn()
    assert sorted(pulled.taken) == sorted([first, third])
    view = await pulled.view()
    assert (view["problem_count"], view["failures"]) == (1, 0)
    [problem] = view["problems"]
    assert problem["said"]["type"] == "/problems/invalid-json"
    assert "JSON" in problem["said"]["detail"]
    pulled.system.offer("bao-cao-2", some(2)["bao-cao-2"])
    await pulled.turn()
    assert len(pulled.taken) == 3
    assert (await pulled.view())["problems"] == []


async def test_the_policy_holds_for_formats_and_not_for_networks_and_signatures_of_senders(
    pulled: Pulled,
) -> None:
    path = f"/connections/{pulled.code}/policy"
    read = await pulled.gateway.call("GET", path)
    terms = {"formats": ["csv"], "networks": ["203.0.113.0/24"], "signed": "required"}
    by = {**pulled.gateway.operator, "If-Match": read.headers["etag"]}
    answer = await pulled.gateway.call("PUT", path, read.json() | terms, by=by)
    assert answer.status_code == 200, answer.text
    await offered(pulled, 1)
    await pulled.turn()
    view = await pulled.view()
    assert [one["said"]["type"] for one in view["problems"]] == ["/problems/format-not-allowed"]
    assert (pulled.taken, view["failures"]) == ([], 0)


async def test_what_is_too_large_is_a_problem(pulled: Pulled) -> None:
    pulled.system.offer("qua-lon", b"[" + b" " * (5 << 20) + b"]")
    await pulled.turn()
    [problem] = (await pulled.view())["problems"]
    assert problem["said"]["type"] == "/problems/payload-too-large"
    assert pulled.taken == []


async def test_a_suspended_source_is_not_asked_and_goes_on_after_the_lift(pulled: Pulled) -> None:
    digests = await offered(pulled)
    order = await pulled.gateway.suspend(pulled.code)
    assert await pulled.turn() == 0
    refused = await pulled.gateway.call("POST", f"/connections/{pulled.code}/pull/test")
    assert refused.json()["type"] == "/problems/connection-suspended"
    assert (pulled.system.asked, pulled.taken) == (0, [])
    await pulled.gateway.lift(order["id"])
    await pulled.turn()
    assert pulled.taken == digests


async def test_what_was_asked_before_a_stop_is_not_taken_after_it(pulled: Pulled) -> None:
    digests = await offered(pulled)
    turn = await begin(pulled)
    found = await steps_of(pulled, turn)
    order = await pulled.gateway.suspend(pulled.code)
    why = await take(pulled, turn, found[-1])
    assert why
    assert why.slug == "connection-suspended"
    await pulled.gateway.lift(order["id"])
    why = await take(pulled, turn, found[-1])
    assert why
    assert why.slug == "token-outdated"
    assert pulled.taken == []
    pulled.gateway.execute("UPDATE pulls SET claimed_until = now() - interval '1 second'")
    await pulled.turn()
    assert pulled.taken == digests


async def test_a_wrong_credential_says_so_and_backs_off(pulled: Pulled) -> None:
    await pulled.change(credential=pulled.system.credential(**WRONG))
    pauses: list[timedelta] = []
    for count in (1, 2):
        await pulled.turn()
        view = await pulled.view()
        assert (view["failures"], view["last_success_at"]) == (count, None)
        at, then = (datetime.fromisoformat(view[name]) for name in ("last_started_at", "next_at"))
        pauses.append(then - at)
    assert view["last_error"]["type"] == "/problems/pull-sign-in-refused"
    assert "không chấp nhận" in view["last_error"]["detail"]
    assert timedelta(minutes=9) < pauses[0] < timedelta(minutes=11) < pauses[1]


async def test_a_source_that_is_away_says_so(pulled: Pulled) -> None:
    await pulled.system.stop()
    await pulled.turn()
    view = await pulled.view()
    assert view["last_error"]["type"] == "/problems/pull-source-unreachable"
    assert (view["failures"], view["last_success_at"]) == (1, None)


async def test_a_private_address_is_refused_whenever_it_is_asked(pulled: Pulled) -> None:
    await offered(pulled)
    pulled.gateway.settings.allowed_private_targets = ""
    await pulled.turn()
    error = (await pulled.view())["last_error"]
    assert error["type"] == "/problems/target-not-allowed"
    refused = await pulled.configure(tag=await pulled.tag())
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/target-not-allowed")
    assert (pulled.system.asked, pulled.taken) == (0, [])


async def test_a_trial_says_what_is_there_and_takes_nothing(pulled: Pulled) -> None:
    path = f"/connections/{pulled.code}/pull/test"
    empty = (await pulled.gateway.call("POST", path)).json()
    assert empty["is_reached"]
    assert "không có trang hoặc tệp" in empty["says"]
    await offered(pulled)
    found = (await pulled.gateway.call("POST", path)).json()
    assert (found["is_reached"], found["content_type"]) == (True, "application/json")
    assert f"{found['size']} byte" in found["says"]
    await pulled.change(credential=pulled.system.credential(**WRONG))
    refused = (await pulled.gateway.call("POST", path)).json()
    assert (refused["is_reached"], refused["problem"]) == (False, "/problems/pull-sign-in-refused")
    assert "đăng nhập" in refused["says"]
    assert (pulled.taken, (await pulled.view())["checkpoint"]) == ([], [])
