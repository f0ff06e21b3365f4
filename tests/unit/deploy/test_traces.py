"""A trace is shown whole: over services, and with the traces that link to it."""

from pathlib import Path

from deploy.local.traces import as_tree, read_spans
from tests.support.spans import PUSH, a_span, printed

BATCH = "b" * 32


def test_children_stand_below_their_parents_in_order_of_time(tmp_path: Path) -> None:
    text = printed(
        tmp_path,
        PUSH,
        a_span("3", "1", "second", start_ns=2_000_000),
        a_span("1", None, "root", service="connector-gateway"),
        a_span("2", "1", "first", attributes={"http.route": "/x"}),
    )
    lines = [line.split() for line in text.splitlines()]
    assert [line[0] for line in lines if "trace" in line] == ["trace"]
    assert text.index("root") < text.index("first") < text.index("second")
    assert "http.route=/x" in text
    assert "+1.0 ms, 1.5 ms" in text


def test_a_span_of_another_trace_that_links_here_is_shown_with_its_children(tmp_path: Path) -> None:
    link = [{"trace_id": PUSH, "span_id": "1"}]
    text = printed(
        tmp_path,
        PUSH,
        a_span("1", None, "push"),
        a_span("8", None, "take in 20 deliveries", trace_id=BATCH, links=link),
        a_span("9", "8", "write versions", trace_id=BATCH),
        a_span("7", None, "something else", trace_id="c" * 32),
    )
    assert "⇢ submissions" in text
    assert "write versions" in text
    assert "something else" not in text


def test_an_unknown_trace_has_no_tree(tmp_path: Path) -> None:
    assert as_tree(PUSH, read_spans(tmp_path)) is None
