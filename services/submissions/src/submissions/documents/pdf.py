"""The document as PDF, set by typst with fonts that travel with the hub."""

from functools import cache
from importlib import resources
from pathlib import Path

import msgspec
import typst

from submissions.documents.paper import Letter

MEDIA_TYPE = "application/pdf"


def pdf_of(letter: Letter) -> bytes:
    """Return the document as PDF; the same letter gives the same bytes."""
    return _set(letter, "pdf")[0]


def pages_of(letter: Letter) -> list[bytes]:
    """Return each page as PNG, for eyes."""
    return _set(letter, "png")


def _set(letter: Letter, kind: str) -> list[bytes]:
    said = msgspec.json.encode(
        {**msgspec.to_builtins(letter), "table": _table(letter)},
    ).decode()
    compiler, fonts = _compiler()
    made = typst.compile(
        compiler,
        format=kind,
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"letter": said},
        timestamp=0,
        ppi=110,
    )
    return made if isinstance(made, list) else [made]


def _table(letter: Letter) -> dict[str, object]:
    table = letter.table
    return {
        **msgspec.to_builtins(table),
        "leading": table.leading,
        "is_wide": table.is_wide,
    }


@cache
def _compiler() -> tuple[bytes, typst.Fonts]:
    home = Path(str(resources.files("submissions.documents"))) / "resources"
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[home / "fonts"]
    )
    return (home / "report.typ").read_bytes(), fonts
