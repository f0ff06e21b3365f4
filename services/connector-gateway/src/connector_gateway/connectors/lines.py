"""Kept lines to receivers: one POST at a time on each, for a tenth of what a full client costs.

HTTP/1.1 and nothing else: no redirects, no proxies, no cookies. Answers are read by llhttp.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import cast

import httptools
import httpx

HEARD = 64 * 1024
"""Bytes of an answer that are read; a receiver that talks longer is cut off."""
KEPT = 2.0
"""Seconds that a line without work is kept: common servers close theirs after five."""


@dataclass(frozen=True)
class Place:
    """Where a line leads."""

    origin: str
    """Scheme, name and port: two names at one address never share a line, whose certificate was
    checked for one of them only."""
    address: str
    port: int
    name: str
    """What the certificate must bear."""

    @property
    def is_tls(self) -> bool:
        """Say whether the line is encrypted."""
        return self.origin.startswith("https:")


class Heard:
    """An answer as it comes in; llhttp calls it back."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.has_head = False
        self.is_whole = False
        self.is_last = True
        """Nothing more may be asked on this line."""
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Take what has come; raises ``httptools.HttpParserError``.

        What follows a whole answer, as the body that a careless receiver sends with a 204, is
        nobody's: the answer stands, and nothing more is asked on this line.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.is_whole:
                raise
            self.is_last = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; the latin letters are those of HTTP."""
        if self.is_whole:
            return
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Keep the status."""
        if self.is_whole:
            return
        self.status = self._parser.get_status_code()
        self.has_head = self.status >= 200

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        if not self.is_whole:
            self.body += body

    def on_message_complete(self) -> None:
        """Be whole, unless this was only a word in between (1xx)."""
        if self.has_head and not self.is_whole:
            self.is_whole = True
            self.is_last = not self._parser.should_keep_alive()
        self.headers = self.headers if self.has_head else {}


class Line(asyncio.Protocol):
    """A connection to a receiver."""

    def __init__(self) -> None:
        self.used_at = time.monotonic()
        self._transport: asyncio.Transport
        self._heard = Heard()
        self._size = 0
        self._told: asyncio.Future[Heard] | None = None

    @property
    def is_open(self) -> bool:
        """Say whether the next request may go."""
        is_fresh = time.monotonic() - self.used_at < KEPT
        return is_fresh and self._told is None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> Heard:
        """Send a request and return the answer; raises ``httpx.TransportError``."""
        self._heard, self._size = Heard(), 0
        self._told = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        is_last = True
        try:
            heard = await self._told
            is_last = heard.is_last
        finally:
            if is_last:
                self.close()
        self._told, self.used_at = None, time.monotonic()
        return heard

    def close(self) -> None:
        """Close at once, whatever is under way."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody asked for, or is too much, ends the line."""
        if self._told is None or self._told.done():
            self.close()
            return
        self._size += len(data)
        try:
            self._heard.feed(data)
        except httptools.HttpParserError as why:
            self._told.set_exception(httpx.RemoteProtocolError(str(why)))
            return
        if self._heard.is_whole or (self._heard.has_head and self._size > HEARD):
            self._told.set_result(self._heard)
        elif self._size > HEARD:
            self._told.set_exception(httpx.RemoteProtocolError("headers without end"))

    def connection_lost(self, why: Exception | None) -> None:
        """End what is under way: a body without a length is whole when the line ends."""
        if self._told is None or self._told.done():
            return
        if self._heard.has_head and not why:
            self._told.set_result(self._heard)
        else:
            error = httpx.ReadError if why else httpx.RemoteProtocolError
            self._told.set_exception(error(str(why or "closed without an answer")))


class Lines:
    """The lines of one process, those of each receiver apart."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._tls: SSLContext = httpx.create_ssl_context(trust_env=False)
        self._free: dict[str, list[Line]] = defaultdict(list)

    async def post(
        self, place: Place, path: bytes, headers: Mapping[str, str], body: bytes
    ) -> Heard:
        """Send one request and return the answer; raises ``httpx.TransportError``.

        Connecting and answering may each take ``timeout`` seconds.
        """
        line = self._free_line(place) or await self._connect(place)
        own = {**headers, "content-length": str(len(body))}
        said = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        try:
            async with asyncio.timeout(self._timeout):
                heard = await line.ask(b"POST %b HTTP/1.1\r\n%b\r\n" % (path, said.encode()) + body)
        except TimeoutError as why:
            raise httpx.ReadTimeout("no answer") from why
        self._free[place.origin].append(line)
        return heard

    def close_idle(self) -> None:
        """Close lines that have had no work for a while."""
        for origin, lines in list(self._free.items()):
            kept = [line for line in lines if line.is_open]
            for line in lines:
                if not line.is_open:
                    line.close()
            self._free[origin] = kept
            if not kept:
                del self._free[origin]

    def close(self) -> None:
        """Close every line."""
        for lines in self._free.values():
            for line in lines:
                line.close()

    def _free_line(self, place: Place) -> Line | None:
        lines = self._free[place.origin]
        while lines:
            line = lines.pop()
            if line.is_open:
                return line
            line.close()
        return None

    async def _connect(self, place: Place) -> Line:
        loop = asyncio.get_running_loop()
        tls = self._tls if place.is_tls else None
        name = place.name if place.is_tls else None
        try:
            async with asyncio.timeout(self._timeout):
                _, line = await loop.create_connection(
                    Line, place.address, place.port, ssl=tls, server_hostname=name
                )
        except TimeoutError as why:
            raise httpx.ConnectTimeout("no connection") from why
        except OSError as why:
            raise httpx.ConnectError(str(why)) from why
        return line
