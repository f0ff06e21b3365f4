"""Vietnamese text as the hub takes it: UTF-8, NFC, nothing invisible (Điều 3.4, TCVN 6909:2001)."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
"""U+FFFD, lone surrogates, private use and control characters; tab and newline are allowed."""


def nfc(text: str) -> str:
    """Return ``text`` in NFC; raise ``ValueError`` naming the first forbidden character.

    >>> nfc("hoa\\u0300") == "ho\\u00e0"
    True
    """
    found = FORBIDDEN.search(text)
    if found:
        raise ValueError(f"U+{ord(found.group()):04X} at {found.start()}")
    return unicodedata.normalize("NFC", text)


def _clean(text: str) -> str:
    try:
        return nfc(text)
    except ValueError as why:
        raise PydanticCustomError("invalid-text", "{why}", {"why": str(why)}) from why


Text = Annotated[str, AfterValidator(_clean)]
"""A field of text from outside: stored as NFC, refused with ``invalid-text`` and its place."""
