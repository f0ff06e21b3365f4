"""The cheap checks of a push: nesting, number of figures, encodings, bombs."""

import gzip
import hashlib
import json
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Refusal
from connector_gateway.domain.contents import (
    CSV,
    JSON,
    LARGEST,
    XLSX,
    check,
    figures_of,
    is_deeper_than,
    unpack,
)
from connector_gateway.errors.deliveries import (
    DeliveryTooLarge,
    EncodingBroken,
    JsonUnreadable,
    MediaTypeUnknown,
    TextInvalid,
    WorkbookHasMacros,
)
from tests.support.builders_intake import a_package, a_workbook
from tests.support.partner import a_delivery

TCVN3 = b"agency,row,column,value\n07201,1,note,S\xe8 li\xd6u\n"
PROGRAM = "xl/vbaProject.bin"
SHEET = "xl/macrosheets/sheet1.xml"
VALUES = st.recursive(
    st.none() | st.text('[]{}"\\,:á', max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    """Return how deep ``value`` nests: the oracle."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(VALUES)
def test_nesting_is_measured_as_a_parser_would(value: Any) -> None:
    content = json.dumps(value, ensure_ascii=False).encode()
    deep = depth_of(value)
    assert not is_deeper_than(max(deep, 1), content)
    assert deep < 2 or is_deeper_than(deep - 1, content)


def test_the_dense_form_is_well_within_the_limit() -> None:
    check(json.dumps(a_delivery(figures=1000)).encode(), JSON)


@pytest.mark.parametrize(
    ("content", "kind", "refusal"),
    [
        pytest.param(b"[" * 10_000, JSON, DeliveryTooLarge, id="nested 10,000 deep, open"),
        pytest.param(b'{"a":' + b"[" * 9 + b"]" * 9 + b"}", JSON, DeliveryTooLarge, id="depth 10"),
        pytest.param(
            b'{"a":"' + b"]" * 9 + b'","b":' + b"[" * 9 + b"]" * 9 + b"}",
            *(JSON, DeliveryTooLarge),
            id="brackets in a string do not count down",
        ),
        pytest.param(b'{"regime":', JSON, JsonUnreadable, id="cut off"),
        pytest.param(b'{"a":1}x', JSON, JsonUnreadable, id="something after it"),
        pytest.param(b"[1]", JSON, JsonUnreadable, id="no object"),
        pytest.param(b'{"a":NaN}', JSON, JsonUnreadable, id="NaN"),
        pytest.param(b'{"a":"\xff"}', JSON, TextInvalid, id="no UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', JSON, TextInvalid, id="a lone surrogate as bytes"),
        pytest.param("mã;1".encode("utf-16"), CSV, TextInvalid, id="CSV in UTF-16"),
        pytest.param("Số liệu".encode("cp1258"), CSV, TextInvalid, id="CSV in CP1258"),
        pytest.param(TCVN3, CSV, TextInvalid, id="CSV in TCVN3"),
        pytest.param(a_package({PROGRAM: b"x"}), XLSX, WorkbookHasMacros, id="macros"),
        pytest.param(a_package({SHEET: b"x"}), XLSX, WorkbookHasMacros, id="a macro sheet"),
        pytest.param(a_package({"a": bytes(20 << 20)}), XLSX, DeliveryTooLarge, id="a zip bomb"),
        pytest.param(
            a_package({f"{at}": b"" for at in range(2001)}), XLSX, DeliveryTooLarge, id="many parts"
        ),
        pytest.param(b"PK\x03\x04 no zip", XLSX, MediaTypeUnknown, id="no package"),
        pytest.param(b"a,b,c\n", XLSX, MediaTypeUnknown, id="a workbook that is none"),
    ],
)
def test_what_cannot_be_a_delivery_is_refused(
    content: bytes, kind: str, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        check(content, kind)


def test_a_plain_workbook_is_taken() -> None:
    check(a_workbook({"07201": [["row", "c2"], ["1", 5]]}), XLSX)


def test_a_letter_of_an_old_font_is_named_by_its_line() -> None:
    with pytest.raises(TextInvalid) as refused:
        check(TCVN3, CSV)
    assert [place.pointer for place in refused.value.errors] == ["/lines/2"]


def test_a_nesting_of_eight_is_taken() -> None:
    check(b'{"a":' + b"[" * 7 + b"]" * 7 + b"}", JSON)


@pytest.mark.parametrize("form", ["dense", "list"])
def test_more_than_20_000_figures_are_refused(form: str) -> None:
    dense = {"reports": [{"values": [["1", None]] * 20_001}]}
    listed = {"figures": [{"value": "1"}] * 20_001}
    content = json.dumps(dense if form == "dense" else listed).encode()
    with pytest.raises(DeliveryTooLarge):
        check(content, JSON)


def test_null_is_no_figure() -> None:
    assert figures_of({"reports": [{"values": [["1", None, "-", ""]]}]}) == 3


@pytest.mark.parametrize("odd", [None, 7, "x", {"values": 3}, {"values": [3]}], ids=str)
def test_odd_shapes_are_left_to_submissions(odd: Any) -> None:
    assert figures_of({"reports": [odd]}) == 0
    assert figures_of({"reports": odd}) == 0 if odd is None else True


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_packed_body_is_unpacked(encoding: str) -> None:
    content = json.dumps(a_delivery()).encode()
    pack = gzip.compress if encoding == "gzip" else zstandard.ZstdCompressor().compress
    assert unpack(pack(content), encoding) == content


def test_a_bomb_that_hides_behind_what_cannot_be_packed_is_refused_by_its_size() -> None:
    dense = hashlib.shake_256(b"").digest(1100 << 10)
    package = a_package({"dense": dense, "hollow": bytes(100 << 20)})
    assert len(package) * 100 > 101 << 20
    with pytest.raises(DeliveryTooLarge):
        check(package, XLSX)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused_without_being_unpacked_whole(encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zstandard.ZstdCompressor().compress
    with pytest.raises(DeliveryTooLarge):
        unpack(pack(bytes(50 * LARGEST)), encoding)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_is_not_packed_as_it_says_is_refused(encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zstandard.ZstdCompressor().compress
    for body in (b"khong nen", pack(bytes(range(256)) * 2000)[:-5], pack(b"x") + b"y"):
        with pytest.raises(EncodingBroken):
            unpack(body, encoding)
