"""An export of the ledger: the hub's verifier and a stranger's agree on what holds and what not."""

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector_gateway.domain.ledger import canonical, digest
from connector_gateway.domain.roots import digest_of
from connector_gateway.verify_ledger.__main__ import main
from contracts.connector_gateway.v1 import LedgerRootSigned
from tests.support.gateway import Gateway
from tests.support.ledger_exports import (
    Found,
    Kept,
    Line,
    Tampering,
    altered,
    changed,
    day,
    dropped,
    live,
    ours,
    place_of,
    some_days,
    swapped,
    without,
    written,
)
from tests.support.ledger_stranger import check

BOTH_SAY = Callable[[bytes], Found]


@pytest.fixture(scope="module")
def kept(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Give what an outsider took home."""
    return asyncio.run(some_days(own_database, tmp_path_factory.mktemp("ledger")))


@pytest.fixture
def both_say(kept: Kept, tmp_path: Path) -> BOTH_SAY:
    """Give what both verifiers find in an export; they must agree."""

    def say(export: bytes) -> Found:
        file = tmp_path / "export.jsonl"
        file.write_bytes(export)
        found = check(file, kept.roots)
        assert ours(file, kept.roots) == found
        return found

    return say


def test_an_untouched_export_holds(kept: Kept, both_say: BOTH_SAY) -> None:
    chains = {line["chain"] for line in kept.lines if line["line"] == "entry"}
    assert chains == {"dan-cu", "qg-tthc", "system"}
    assert [root["day"] for root in kept.roots] == [day(1), day(0), day(-1)]
    assert both_say(kept.export) == {}
    assert both_say(kept.part) == {}


def test_a_part_begins_at_a_signed_root_and_ends_at_one(kept: Kept) -> None:
    lines = [json.loads(line) for line in kept.part.splitlines()]
    assert [line["day"] for line in lines if line["line"] == "root"] == [day(0), day(1)]
    assert json.loads(lines[-1]["statement"])["opening"] == day(0)
    assert [line["index"] for line in lines if line.get("chain") == "qg-tthc"] == [*range(7, 12)]


NAMED: dict[str, tuple[Tampering, Found]] = {
    "one byte of an entry": (
        changed("qg-tthc", 3, "entry", '"epoch":2', '"epoch":9'),
        {"qg-tthc": (3, "changed")},
    ),
    "an entry that is no JSON": (
        changed("qg-tthc", 3, "entry", "{", "["),
        {"qg-tthc": (3, "changed")},
    ),
    "a hash": (changed("dan-cu", 4, "hash"), {"dan-cu": (4, "changed")}),
    "a moment": (changed("system", 2, "at", "+07:00", "+08:00"), {"system": (2, "changed")}),
    "one row dropped": (
        dropped("qg-tthc", since=5, until=5),
        {"qg-tthc": (5, "missing"), "end": "altered"},
    ),
    "two rows swapped": (swapped("qg-tthc", 5, 6), {"qg-tthc": (5, "missing")}),
    "two rows exchanged in their places": (
        swapped("qg-tthc", 5, 6, "at", "entry", "hash"),
        {"qg-tthc": (5, "misplaced")},
    ),
    "a chain cut at its end": (
        dropped("qg-tthc", since=9),
        {"qg-tthc": (9, "cut-off"), "end": "altered"},
    ),
    "a chain absent": (dropped("dan-cu"), {"dan-cu": (1, "absent"), "end": "altered"}),
    "the statement of a root": (
        altered("root", 1, "statement", '"heads"', '"Heads"'),
        {f"root {day(0)}": "altered"},
    ),
    "the signature of a root": (
        altered("root", 2, "signature"),
        {f"root {day(1)}": "unsigned"},
    ),
    "the day of a root": (
        altered("root", 2, "day", day(1), day(2)),
        {f"root {day(2)}": "altered", f"root {day(1)}": "contradicted"},
    ),
    "a root dropped": (
        without("root", 2),
        {f"root {day(1)}": "contradicted", "end": "altered"},
    ),
    "no key": (
        without("key"),
        {f"root {day(number)}": "unsigned" for number in (-1, 0, 1)} | {"end": "unsigned"},
    ),
    "the format of the end": (
        altered("end", 0, "statement", '"export":1', '"export":2'),
        {"end": "altered"},
    ),
    "the signature of the end": (altered("end", 0, "signature"), {"end": "unsigned"}),
    "no end": (without("end"), {"end": "missing"}),
}


@pytest.mark.parametrize("what", NAMED)
def test_what_was_tampered_with_is_named(kept: Kept, both_say: BOTH_SAY, what: str) -> None:
    tamper, expected = NAMED[what]
    assert both_say(written(tamper(kept.lines))) == expected


def test_a_part_is_held_to_the_root_that_opens_it(kept: Kept, both_say: BOTH_SAY) -> None:
    lines = [json.loads(line) for line in kept.part.splitlines()]
    first = next(line for line in lines if line.get("chain") == "qg-tthc")["index"]
    found = both_say(written(dropped("qg-tthc", until=first)(lines)))
    assert found == {"qg-tthc": (first, "missing"), "end": "altered"}


def test_an_export_that_broke_off_has_no_end(kept: Kept, both_say: BOTH_SAY) -> None:
    found = both_say(kept.export[:-20])
    assert found == {"end": "missing", f"line {len(kept.lines)}": "unreadable"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: [*lines[:3], b"", *lines[3:]], id="an empty line"),
        pytest.param(lambda lines: [lines[0] + b"\r", *lines[1:]], id="a carriage return"),
        pytest.param(lambda lines: [lines[0].replace(b",", b", ", 1), *lines[1:]], id="a space"),
        pytest.param(lambda lines: [*lines, lines[-1]], id="a second end"),
    ],
)
def test_no_other_bytes_are_an_export(
    kept: Kept, both_say: BOTH_SAY, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    assert both_say(b"".join(line + b"\n" for line in change(kept.export.splitlines())))


def test_whichever_byte_changes_both_find_the_same(kept: Kept, both_say: BOTH_SAY) -> None:
    dice = random.Random(8)  # noqa: S311 a seed to repeat from, no secret
    for _ in range(100):
        place = dice.randrange(len(kept.export))
        other = dice.choice(b'0aF{}",: \n\\\xc3')
        if kept.export[place] != other:
            assert both_say(kept.export[:place] + bytes([other]) + kept.export[place + 1 :])


def rewritten(kept: Kept) -> list[Line]:
    """Return the export as somebody would write it who has the key and another story to tell."""
    lines = kept.lines
    heads: dict[str, tuple[bytes, int]] = {}
    for line in lines:
        if line["line"] == "entry":
            previous, _ = heads.get(line["chain"], (bytes(32), 0))
            if (line["chain"], line["index"]) == ("qg-tthc", 3):
                line["entry"] = line["entry"].replace('"epoch":2', '"epoch":9')
            heads[line["chain"]] = digest(previous, line["entry"]), line["index"]
            line["hash"] = heads[line["chain"]][0].hex()
    for line in lines:
        if line["line"] in ("root", "end"):
            said = json.loads(line["statement"])
            for chain, (index, _) in said["heads"].items():
                said["heads"][chain] = [index, lines[place_of(lines, chain, index)]["hash"]]
            line["statement"] = canonical(said)
            signed = digest_of(line["statement"])
            line["signature"] = kept.signer.sign(signed).hex()
            if line["line"] == "root":
                line["root"] = signed.hex()
    return lines


def test_only_public_roots_find_a_history_rewritten_with_the_key(
    kept: Kept, both_say: BOTH_SAY, tmp_path: Path
) -> None:
    file = tmp_path / "forged.jsonl"
    file.write_bytes(written(rewritten(kept)))
    assert check(file) == ours(file, []) == {}
    found = both_say(file.read_bytes())
    assert found == {f"root {day(number)}": "contradicted" for number in (0, 1)}


def test_the_command_takes_the_public_roots_as_they_are_published(
    kept: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export, public = tmp_path / "export.jsonl", tmp_path / "ledger-roots.json"
    export.write_bytes(kept.export)
    public.write_text(json.dumps({"items": kept.roots, "keys": kept.keys}))
    asked = [str(export), "--roots", str(public), "--keys", str(public)]
    assert main(asked) == 0
    assert "Sổ cái ĐÚNG" in capsys.readouterr().out
    export.write_bytes(written(rewritten(kept)))
    assert main(asked) == 1
    assert "khác với mã gốc đã công khai" in capsys.readouterr().out


async def test_the_public_roots_need_no_login_and_say_no_more_than_is_public(
    gateway: Gateway,
) -> None:
    await live(gateway, days=1)
    answer = await gateway.client.get("/.well-known/ledger-roots.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    said = answer.json()
    assert said["keys"] == gateway.keys
    assert [set(item) for item in said["items"]] == [{"day", "root", "kid", "signature"}]
    told = "SELECT convert_from(value, 'UTF8')::jsonb - 'signed_at' FROM outbox WHERE type = %s"
    assert gateway.rows(told, LedgerRootSigned.type) == [(said["items"][0],)]


DONE_TO_THE_DATABASE = {
    """UPDATE ledger_entries SET entry = replace(entry, '"epoch":2', '"epoch":9')
       WHERE chain = 'qg-tthc' AND index = 3""": ("qg-tthc", 3, "changed"),
    "DELETE FROM ledger_entries WHERE chain = 'qg-tthc' AND index = 3": ("qg-tthc", 3, "missing"),
    """UPDATE ledger_entries AS l SET entry = o.entry, hash = o.hash, at = o.at
       FROM ledger_entries AS o WHERE l.chain = 'qg-tthc' AND o.chain = 'qg-tthc'
       AND l.index IN (3, 4) AND o.index = 7 - l.index""": ("qg-tthc", 3, "misplaced"),
    "DELETE FROM ledger_entries WHERE chain = 'qg-tthc' AND index > 2": ("qg-tthc", 3, "cut-off"),
    "DELETE FROM ledger_entries WHERE chain = 'dan-cu'": ("dan-cu", 1, "absent"),
}


async def test_the_hub_names_what_was_done_to_its_own_database(gateway: Gateway) -> None:
    await live(gateway, days=2)
    sound = gateway.rows("SELECT * FROM ledger_entries")
    assert await verdict_of(gateway) == (True, {}, [])
    for tampering, (chain, index, why) in DONE_TO_THE_DATABASE.items():
        gateway.tamper("ledger_entries", tampering)
        assert await verdict_of(gateway) == (False, {chain: {"index": index, "why": why}}, [])
        gateway.tamper("ledger_entries", "DELETE FROM ledger_entries")
        for row in sound:
            gateway.execute("INSERT INTO ledger_entries VALUES (%s, %s, %s, %s, %s)", *row)


async def test_the_hub_names_a_root_that_was_exchanged(gateway: Gateway) -> None:
    await live(gateway, days=1)
    exchange = "UPDATE ledger_roots SET statement = replace(statement, '[1,', '[2,')"
    gateway.tamper("ledger_roots", exchange)
    flawed = [{"day": day(-1), "flaw": "altered"}]
    assert await verdict_of(gateway) == (False, {}, flawed)


async def verdict_of(gateway: Gateway) -> tuple[bool, dict[str, Any], list[dict[str, Any]]]:
    """Return what the hub says of its own ledger: whether it holds, bad entries, bad roots."""
    said = (await gateway.call("POST", "/ledger/verify", {})).json()
    broken = {one["chain"]: one["breach"] for one in said["chains"] if one["breach"]}
    return said["holds"], broken, [one for one in said["roots"] if one["flaw"]]
