"""The ledger: every way of touching a chain is found, and the first bad entry named."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from connector_gateway.domain.ledger import Breach, Head, Link, canonical, verify
from tests.support.exchange import NOON, a_chain

Change = Callable[[list[Link]], list[Link]]


def test_a_whole_chain_holds() -> None:
    assert verify("qg-tthc", a_chain(20)) is None


def test_a_chain_is_what_its_description_says() -> None:
    previous = bytes(32)
    for link in a_chain(5):
        previous = hashlib.sha256(previous + link.entry.encode("utf-8")).digest()
        assert link.hash == previous
        assert json.loads(link.entry)["index"] == link.index


@pytest.mark.parametrize(
    ("change", "index", "why"),
    [
        pytest.param(
            lambda chain: [
                replace(link, entry=link.entry.replace("0197-6", "0197-9")) for link in chain
            ],
            *(7, "changed"),
            id="an entry changed",
        ),
        pytest.param(
            lambda chain: [*chain[:6], replace(chain[6], hash=bytes(32)), *chain[7:]],
            *(7, "changed"),
            id="a hash changed",
        ),
        pytest.param(
            lambda chain: [*chain[:6], replace(chain[6], at=NOON), *chain[7:]],
            *(7, "changed"),
            id="a moment changed",
        ),
        pytest.param(
            lambda chain: [*chain[:6], *chain[7:]], *(7, "missing"), id="an entry dropped"
        ),
        pytest.param(lambda chain: chain[1:], *(1, "missing"), id="the first entry dropped"),
        pytest.param(
            lambda chain: [
                *chain[:3],
                replace(chain[4], index=4),
                replace(chain[3], index=5),
                *chain[5:],
            ],
            *(4, "misplaced"),
            id="two entries swapped",
        ),
        pytest.param(
            lambda chain: [*chain[:3], chain[4], chain[3], *chain[5:]],
            *(4, "missing"),
            id="two entries in the wrong order",
        ),
        pytest.param(lambda chain: chain[:-2], *(9, "cut-off"), id="the end cut off"),
        pytest.param(lambda _: a_chain(10, "khac"), *(1, "misplaced"), id="another chain"),
    ],
)
def test_a_touched_chain_is_found_and_its_first_bad_entry_named(
    change: Change, index: int, why: str
) -> None:
    chain = a_chain(10)
    end = Head(chain[-1].index, chain[-1].hash)
    assert verify("qg-tthc", change(chain), end=end) == Breach("qg-tthc", index, why)


def test_a_chain_rewritten_from_one_entry_on_is_found_by_its_signed_end() -> None:
    end = a_chain(10)[-1]
    rewritten = a_chain(9)
    forged = a_chain(10)[-1]
    text = canonical({**json.loads(forged.entry), "sha256": "f" * 64})
    digest = hashlib.sha256(rewritten[-1].hash + text.encode()).digest()
    chain = [*rewritten, replace(forged, entry=text, hash=digest)]
    assert verify("qg-tthc", chain) is None
    assert verify("qg-tthc", chain, end=Head(end.index, end.hash)) == Breach(
        "qg-tthc", 10, "changed"
    )


def test_a_part_of_a_chain_is_verified_from_where_it_begins() -> None:
    chain = a_chain(10)
    assert verify("qg-tthc", chain[4:], start=Head(4, chain[3].hash)) is None


def test_vietnamese_text_is_hashed_as_utf8() -> None:
    assert canonical({"b": "hòa", "a": 1}) == '{"a":1,"b":"hòa"}'
