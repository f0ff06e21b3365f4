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
    source, fonts = _template()
    return typst.compile(
        source,
        format="pdf",
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs=_inputs(letter),
        timestamp=0,
    )


def pages_of(letter: Letter) -> list[bytes]:
    """Return each page as PNG, for eyes."""
    source, fonts = _template()
    pages: bytes | list[bytes] = typst.compile(
        source, format="png", font_paths=fonts, sys_inputs=_inputs(letter), ppi=110
    )
    return [pages] if isinstance(pages, bytes) else pages


def _inputs(letter: Letter) -> dict[str, str]:
    said = {**msgspec.to_builtins(letter), "table": _table(letter)}
    return {"letter": msgspec.json.encode(said).decode()}


def _table(letter: Letter) -> dict[str, object]:
    table = letter.table
    return {
        **msgspec.to_builtins(table),
        "leading": table.leading,
        "is_wide": table.is_wide,
    }


@cache
def _template() -> tuple[bytes, typst.Fonts]:
    home = Path(str(resources.files("submissions.documents"))) / "resources"
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[home / "fonts"]
    )
    return (home / "report.typ").read_bytes(), fonts
