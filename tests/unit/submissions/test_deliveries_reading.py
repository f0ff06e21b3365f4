"""Bodies of deliveries: what is read, exactly, and what is refused with its place."""

import gzip
import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from submissions.domain.deliveries.bodies import read_body
from submissions.domain.deliveries.dense_form import read_dense
from submissions.domain.deliveries.json_form import read_closely
from submissions.domain.deliveries.shapes import (
    MOST_BYTES,
    BodyTooLarge,
    Delivery,
    Listing,
    OnError,
    UnreadableBody,
)
from tests.support.builders_figures import a_matrix, a_push

JSON = "application/json"
CSV = "text/csv"
VALUES = {"agency": "07201", "row": "1", "column": "c2", "value": "120"}


def the_only_value(delivery: Delivery) -> object:
    """Return the value of a delivery of one figure."""
    (figure,) = delivery.parts[0].figures()
    return figure.value


def test_a_matrix_is_read_with_the_place_of_every_figure() -> None:
    delivery = read_body(a_push(a_matrix(values=[["120", None]])), JSON, "")
    (figure,) = delivery.parts[0].figures()
    assert (figure.pointer, figure.row, figure.column) == ("/reports/0/values/0/0", "1", "c2")
    assert delivery.on_error is OnError.SKIP
    assert delivery.submit is False


@pytest.mark.parametrize(
    ("values", "is_text"),
    [
        pytest.param(b'[["120","7.5"],["-","x"]]', True, id="plain"),
        pytest.param(b'[["","-0"],["1.","--"]]', True, id="not figures yet"),
        pytest.param(b'[["120",null],[5,1e3]]', False, id="null and numbers"),
        pytest.param(b'[["1","2"], ["3","4"]]', False, id="a space"),
        pytest.param(rb'[["1","2"],["3","\u0034"]]', False, id="an escape"),
        pytest.param('[["1","2"],["3","bốn"]]'.encode(), False, id="letters"),
    ],
)
def test_a_matrix_says_the_same_however_it_is_read(values: bytes, is_text: bool) -> None:
    sheet = b'{"agency":"07201","rows":["1","2"],"columns":["c2","c3"],"values":%b}' % values
    body = b'{"regime":"R","period":"2026","reports":[%b]}' % sheet
    quick = read_dense(body)
    assert quick is not None
    assert [bool(getattr(part, "lines", "")) for part in quick.parts] == [is_text]
    (part,) = read_closely(body).parts
    assert list(quick.parts[0].figures()) == list(part.figures())


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param(b'"columns":["c2"],"values":[["1","2"]]', id="too wide"),
        pytest.param(b'"columns":["c2"],"values":[["1"],["2"]]', id="too high"),
        pytest.param(b'"columns":["c2"],"values":["1"]', id="no matrix"),
        pytest.param(b'"columns":["c2"],"columns":["c2"],"values":[["1"]]', id="key said twice"),
        pytest.param(b'"columns":[2],"values":[["1"]]', id="no code"),
    ],
)
def test_what_is_wrong_with_a_matrix_is_left_to_the_close_look(sheet: bytes) -> None:
    report = b'{"agency":"07201","rows":["1"],%b}' % sheet
    assert read_dense(b'{"regime":"R","period":"2026","reports":[%b]}' % report) is None


def test_figures_of_a_list_stand_together_by_agency() -> None:
    listed = [VALUES, {**VALUES, "agency": "07204"}, {**VALUES, "row": "2", "value": None}]
    body = json.dumps({"regime": "R", "period": "2026", "figures": listed}).encode()
    parts = read_body(body, JSON, "").parts
    assert [(part.agency, len(list(part.figures()))) for part in parts] == [
        ("07201", 1),
        ("07204", 1),
    ]
    assert isinstance(parts[0], Listing)


@pytest.mark.parametrize(
    "text", ["1.10", "0.1", "123456789012.123456", "-0.5", "1e3", "2.50E-1"], ids=str
)
def test_a_number_is_kept_as_the_text_that_stood_there(text: str) -> None:
    body = a_push(a_matrix(values=[["@", None]])).replace(b'"@"', text.encode())
    assert str(the_only_value(read_body(body, JSON, ""))) == text


@given(st.integers(-(10**14), 10**14))
def test_a_whole_number_is_kept_exactly(number: int) -> None:
    body = a_push(a_matrix(values=[[number, None]]))
    assert str(the_only_value(read_body(body, JSON, ""))) == str(number)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("", bytes), ("gzip", gzip.compress), ("zstd", zstandard.compress)],
    ids=["plain", "gzip", "zstd"],
)
def test_a_packed_body_says_the_same(encoding: str, pack: object) -> None:
    assert callable(pack)
    packed = pack(a_push(a_matrix(values=[["120", None]])))
    assert the_only_value(read_body(packed, JSON, encoding)) == "120"


BOMB = b" " * (MOST_BYTES + 1)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", BOMB),
        ("gzip", gzip.compress(BOMB)),
        ("zstd", zstandard.compress(BOMB)),
    ],
    ids=["plain", "gzip", "zstd"],
)
def test_more_than_five_mebibytes_unpacked_are_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(BodyTooLarge):
        read_body(body, JSON, encoding)


def many(count: int) -> bytes:
    """Return a body of ``count`` figures in one matrix of one row."""
    columns = [f"c{at}" for at in range(count)]
    return a_push(a_matrix(values=[["1"] * count], columns=columns))


def test_twenty_thousand_figures_are_read() -> None:
    assert sum(1 for _ in read_body(many(20_000), JSON, "").parts[0].figures()) == 20_000


def test_one_figure_more_is_refused() -> None:
    with pytest.raises(BodyTooLarge):
        read_body(many(20_001), JSON, "")


PLACES = {
    "a key of the delivery twice": (
        a_push(a_matrix()).replace(b'"regime"', b'"regime": "R", "regime"', 1),
        "key-said-twice",
        "/regime",
    ),
    "a key of a report twice": (
        a_push(a_matrix(), a_matrix(agency="07202")).replace(
            b'"07202"', b'"07202", "agency": "07203"'
        ),
        "key-said-twice",
        "/reports/1/agency",
    ),
    "a key of a figure twice": (
        b'{"regime":"R","period":"P","figures":[{"agency":"a","row":"1","row":"1","column":"c",'
        b'"value":1}]}',
        "key-said-twice",
        "/figures/0/row",
    ),
    "no JSON": (b"{", "invalid-json", ""),
    "cut off": (a_push(a_matrix())[:-5], "invalid-json", ""),
    "not UTF-8": (b'{"regime": "\xff"}', "invalid-text", ""),
    "an array": (b"[]", "invalid-body", ""),
    "neither form": (b'{"regime":"R","period":"P"}', "reports-or-figures", ""),
    "both forms": (
        b'{"regime":"R","period":"P","reports":[],"figures":[]}',
        "reports-or-figures",
        "",
    ),
    "unknown field": (a_push(colour="red"), "invalid-body", ""),
    "unknown on_error": (a_push(on_error="stop"), "invalid-body", "/on_error"),
    "no regime": (b'{"period":"P","reports":[]}', "invalid-body", ""),
    "control character": (a_push(regime="a\x00b"), "invalid-text", "/regime"),
    "rows of another length": (
        a_push(a_matrix(), a_matrix(values=[])),
        "invalid-body",
        "/reports/1/values",
    ),
    "a short row": (a_push(a_matrix(values=[["1"]])), "invalid-body", "/reports/0/values/0"),
    "a row that is no list": (
        a_push(a_matrix(), {**a_matrix(), "values": ["12"]}),
        "invalid-body",
        "/reports/1/values/0",
    ),
    "agency no text": (a_push({**a_matrix(), "agency": 7}), "invalid-body", "/reports/0/agency"),
}


@pytest.mark.parametrize(("body", "slug", "pointer"), PLACES.values(), ids=PLACES.keys())
def test_a_body_that_makes_no_sense_is_refused_with_its_place(
    body: bytes, slug: str, pointer: str
) -> None:
    with pytest.raises(UnreadableBody) as refused:
        read_body(body, JSON, "")
    assert (refused.value.slug, refused.value.pointer) == (slug, pointer)


def test_a_colon_in_a_text_is_no_key() -> None:
    body = a_push(a_matrix(values=[["12:30", None]]))
    assert the_only_value(read_body(body, JSON, "")) == "12:30"


def test_half_a_character_is_read_so_that_its_cell_can_be_named() -> None:
    body = a_push(a_matrix(values=[["@", None]])).replace(b"@", rb"\ud83d")
    assert the_only_value(read_body(body, JSON, "")) == "\ud83d"


@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd"])
def test_a_packing_that_cannot_be_opened_is_refused(encoding: str) -> None:
    with pytest.raises(UnreadableBody, match="content-encoding"):
        read_body(b"not packed", JSON, encoding)


def test_a_second_member_behind_a_gzip_body_is_refused() -> None:
    with pytest.raises(UnreadableBody, match="content-encoding"):
        read_body(gzip.compress(a_push()) + gzip.compress(b""), JSON, "gzip")


def test_an_unknown_media_type_is_refused() -> None:
    with pytest.raises(UnreadableBody, match="unsupported-media-type"):
        read_body(b"", "application/xml", "")


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_table_is_read_with_the_line_of_every_figure(mark: str) -> None:
    lines = ["agency,row,column,value", "07201,1,c2,120", "", '07201,2,c2,"-"']
    body = "\ufeff" + "\r\n".join(lines).replace(",", mark)
    (part,) = read_body(body.encode(), CSV, "").parts
    assert [(figure.pointer, figure.value) for figure in part.figures()] == [
        ("/lines/2", "120"),
        ("/lines/4", "-"),
    ]


def test_a_table_may_name_regime_and_period_on_every_line() -> None:
    body = b"regime,period,agency,row,column,value\nR,2026-H1,07201,1,c2,120\n"
    delivery = read_body(body, CSV, "")
    assert (delivery.regime, delivery.period) == ("R", "2026-H1")


TABLES = {
    "no header": (b"", "/lines/1"),
    "a column missing": (b"agency,row,column\n", "/lines/1"),
    "a column too many": (b"agency,row,column,value,x\n", "/lines/1"),
    "a column twice": (b"agency,row,column,value,value\n", "/lines/1"),
    "another delimiter": (b"agency\trow\tcolumn\tvalue\n07201\t1\tc2\t5\n", "/lines/1"),
    "two delimiters": (b"agency;row;column;value\n07201,1,c2,5\n", "/lines/2"),
    "a short line": (b"agency,row,column,value\n1,2,3\n", "/lines/2"),
    "two regimes": (
        b"regime,agency,row,column,value\nR,1,2,3,4\nS,1,2,3,4\n",
        "/lines/3/regime",
    ),
    "an open quote": (b'agency,row,column,value\n1,2,3,"4', "/lines/2"),
}


@pytest.mark.parametrize(("body", "pointer"), TABLES.values(), ids=TABLES.keys())
def test_a_table_that_makes_no_sense_is_refused_with_its_line(body: bytes, pointer: str) -> None:
    with pytest.raises(UnreadableBody) as refused:
        read_body(body, CSV, "")
    assert (refused.value.slug, refused.value.pointer) == ("invalid-table", pointer)
