"""The bytes of a delivery: unpacked within limits and read by the form they came in."""

import zlib
from collections.abc import Callable, Mapping

import zstandard

from submissions.domain.deliveries.json_form import read_json
from submissions.domain.deliveries.shapes import (
    MOST_BYTES,
    BodyTooLarge,
    Delivery,
    UnreadableBody,
)
from submissions.domain.deliveries.table_form import read_csv

READERS: Mapping[str, Callable[[bytes], Delivery]] = {
    "application/json": read_json,
    "text/csv": read_csv,
}


def read_body(body: bytes, content_type: str, encoding: str) -> Delivery:
    """Read a delivery; raises ``UnreadableBody`` where it makes no sense."""
    reader = READERS.get(content_type)
    if reader is None:
        raise UnreadableBody("unsupported-media-type")
    return reader(unpack(body, encoding))


def unpack(body: bytes, encoding: str) -> bytes:
    """Return ``body`` without its ``Content-Encoding``; never more than 5 MiB."""
    match encoding:
        case "" | "identity":
            plain = body
        case "gzip":
            plain = _gunzip(body)
        case "zstd":
            plain = _unzstd(body)
        case _:
            raise UnreadableBody("content-encoding")
    if len(plain) > MOST_BYTES:
        raise BodyTooLarge("5 MiB")
    return plain


def _gunzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, MOST_BYTES + 1)
    except zlib.error as why:
        raise UnreadableBody("content-encoding") from why
    if len(plain) <= MOST_BYTES and (not unpacker.eof or unpacker.unused_data):
        raise UnreadableBody("content-encoding")
    return plain


def _unzstd(body: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor(max_window_size=8 << 20).stream_reader(body) as reader:
            return reader.read(MOST_BYTES + 1)
    except zstandard.ZstdError as why:
        raise UnreadableBody("content-encoding") from why
