"""What a delivery may be made of, however it comes in: the cheap checks, before it is stored.

They cost less than 0.1 ms for a thousand figures: size, media type, encoding, UTF-8, well-formed
JSON, nesting and number of figures. What the figures mean is looked at once, in submissions.
"""

import io
import struct
import zipfile
import zlib
from typing import Any

import msgspec
import zstandard

from chassis.errors import Place
from connector_gateway.errors.deliveries import (
    DeliveryTooLarge,
    EncodingBroken,
    JsonUnreadable,
    MediaTypeUnknown,
    TextInvalid,
    WorkbookHasMacros,
)

JSON = "application/json"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = frozenset({JSON, CSV, XLSX})
ENCODINGS = frozenset({"", "gzip", "zstd"})
LARGEST = 5 << 20
MOST_FIGURES = 20_000
DEEPEST = 8
LOCAL_FILE = b"PK\x03\x04"
ENTRY = b"PK\x01\x02"
MOST_PARTS = 2000
MOST_UNPACKED = 100 << 20
MOST_RATIO = 100
MACROS = "vbaproject.bin"
MACRO_SHEETS = "xl/macrosheets/"

DECODER = msgspec.json.Decoder()
WELL_FORMED = msgspec.json.Decoder(msgspec.Raw)
"""Reads JSON to its end and builds nothing."""
OTHERS = bytes(set(range(256)) - set(b'[]{}"'))
BRACKETS = bytes.maketrans(b"[{]}", b"(())")


def media_type(said: str) -> str:
    """Return a ``Content-Type`` without its parameters.

    >>> media_type("text/CSV; charset=utf-8")
    'text/csv'
    """
    return said.partition(";")[0].strip().lower()


def unpack(body: bytes, encoding: str) -> bytes:
    """Return the content of a body; stops at the size limit, so a bomb costs no memory."""
    if not encoding:
        return body
    try:
        content, is_whole = _gunzip(body) if encoding == "gzip" else _unzstd(body)
    except (zlib.error, zstandard.ZstdError) as why:
        raise EncodingBroken(encoding=encoding) from why
    if len(content) > LARGEST:
        raise DeliveryTooLarge
    if not is_whole or not content:
        raise EncodingBroken(encoding=encoding)
    return content


def _gunzip(body: bytes) -> tuple[bytes, bool]:
    unzipper = zlib.decompressobj(wbits=31)
    content = unzipper.decompress(body, LARGEST + 1)
    return content, unzipper.eof and not unzipper.unused_data


def _unzstd(body: bytes) -> tuple[bytes, bool]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=8 << 20)
    with unpacker.stream_reader(body) as reader:
        content = reader.read(LARGEST + 1)
    if len(content) > LARGEST:
        return content, False
    whole = unpacker.decompressobj()  # a second time, now that it is known to be small
    whole.decompress(body)
    return content, whole.eof and not whole.unused_data


def check(content: bytes, content_type: str) -> None:
    """Refuse what is no UTF-8, no JSON, too deep or too much."""
    if content_type == XLSX:
        _check_workbook(content)
        return
    _check_text(content, content_type)
    if content_type == JSON:
        _check_json(content)


def _check_workbook(content: bytes) -> None:
    """Look at the list of parts alone: what is no workbook, has macros or unpacks to too much."""
    if not content.startswith(LOCAL_FILE):
        raise MediaTypeUnknown
    if content.count(ENTRY) > MOST_PARTS:
        raise DeliveryTooLarge
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as why:
        raise MediaTypeUnknown from why
    names = [part.filename.lower() for part in parts]
    if any(name.endswith(MACROS) or name.startswith(MACRO_SHEETS) for name in names):
        raise WorkbookHasMacros
    if sum(part.file_size for part in parts) > min(MOST_UNPACKED, MOST_RATIO * len(content)):
        raise DeliveryTooLarge


def _check_text(content: bytes, content_type: str) -> None:
    try:
        content.decode()
    except UnicodeDecodeError as why:
        line = content.count(b"\n", 0, why.start) + 1
        pointer = f"/lines/{line}" if content_type == CSV else ""
        place = Place(pointer, TextInvalid.slug, params={"at": why.start})
        raise TextInvalid(errors=[place], at=why.start) from why


def _check_json(content: bytes) -> None:
    if is_deeper_than(DEEPEST, content):
        raise DeliveryTooLarge
    try:
        WELL_FORMED.decode(content)
        if not content.lstrip().startswith(b"{"):
            raise JsonUnreadable(why="object expected")
        may_be_too_many = content.count(b",") >= MOST_FIGURES  # every figure but one has its comma
        if may_be_too_many and figures_of(DECODER.decode(content)) > MOST_FIGURES:
            raise DeliveryTooLarge
    except RecursionError as why:
        raise DeliveryTooLarge from why
    except msgspec.DecodeError as why:
        raise JsonUnreadable(why=str(why)) from why


def is_deeper_than(limit: int, content: bytes) -> bool:
    """Say whether brackets nest deeper than ``limit``, without building anything.

    Strings are cut out first, those without brackets as pairs of quotes; then every pass takes
    away the innermost pairs of brackets.

    >>> is_deeper_than(2, b'[[["]"]]]')
    True
    """
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = content.translate(BRACKETS, OTHERS).replace(b'""', b"")
    if b'"' in brackets:
        brackets = b"".join(brackets.split(b'"')[::2])
    for _ in range(limit):
        if not brackets:
            return False
        brackets = brackets.replace(b"()", b"")
    return b"()" in brackets


def figures_of(delivery: dict[str, Any]) -> int:
    """Count the figures of a delivery in either form; ``null`` is none."""
    figures = delivery.get("figures")
    count = len(figures) if isinstance(figures, list) else 0
    for report in delivery.get("reports") or ():
        values = report.get("values") if isinstance(report, dict) else None
        for row in values if isinstance(values, list) else ():
            if isinstance(row, list):
                count += len(row) - row.count(None)
    return count
