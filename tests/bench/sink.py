"""A fast receiver of webhooks, a process of its own: ``python -m tests.bench.sink <port>``.

``POST /hook/<name>`` is answered 204 at once, ``POST /dead/<name>`` never. ``GET /told/<name>``
says what has come for a name, by the receiver's own clock.
"""

import asyncio
import contextlib
import re
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import uvloop

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
ID = re.compile(rb"(?i)\r\nwebhook-id: *(\S+)")
SIGNED = re.compile(rb"(?i)\r\nwebhook-signature: *v1a,\S+")
PLACE = re.compile(rb'"key":"([^"]+)","number":(\d+)')
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
READY = b"ready\n"


@dataclass
class Come:
    """What has come for one name."""

    count: int = 0
    ids: set[bytes] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    unsigned: int = 0
    disordered: int = 0
    """Messages that came after a later one of their key."""
    last: dict[bytes, int] = field(default_factory=dict)

    def take(self, head: bytes, body: bytes) -> None:
        """Keep a webhook."""
        self.count += 1
        self.times.append(time.time())
        self.ids.update(ID.findall(head))
        self.unsigned += SIGNED.search(head) is None
        if place := PLACE.search(body):
            key, number = place[1], int(place[2])
            self.disordered += number < self.last.get(key, 0)
            self.last[key] = number

    def told(self) -> bytes:
        """Return all of it as JSON."""
        facts = {
            "count": self.count,
            "different": len(self.ids),
            "unsigned": self.unsigned,
            "disordered": self.disordered,
            "times": self.times,
        }
        return orjson.dumps(facts)


@dataclass
class Sink:
    """The receiver."""

    come: dict[bytes, Come] = field(default_factory=lambda: defaultdict(Come))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                _, kind, name = head.split(b" ", 2)[1].split(b"/")
                if kind == b"dead":
                    await reader.read()
                    break
                writer.write(self._answer(kind, name, head, body))
        writer.close()

    def _answer(self, kind: bytes, name: bytes, head: bytes, body: bytes) -> bytes:
        if kind == b"hook":
            self.come[name].take(head, body)
            return TAKEN
        said = self.come[name].told()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)


@asynccontextmanager
async def receiving(port: int) -> AsyncIterator[None]:
    """Run the receiver in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.sink", str(port)), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        assert await process.stdout.readline() == READY
        yield
    finally:
        process.kill()
        await process.wait()


async def told(port: int, name: str) -> dict[str, Any]:
    """Return what the receiver says of a name."""
    async with httpx.AsyncClient(trust_env=False) as client:
        found: dict[str, Any] = (await client.get(f"http://127.0.0.1:{port}/told/{name}")).json()
    return found


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Sink().serve, "127.0.0.1", port, backlog=1000)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
