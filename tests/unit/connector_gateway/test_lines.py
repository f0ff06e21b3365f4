"""Lines to receivers: every way in which an answer ends, and what may be asked on the same line."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from connector_gateway.connectors import lines
from connector_gateway.connectors.lines import HEARD, Heard, Lines, Place

NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


@dataclass
class Peer:
    """A receiver that says bytes, one script a connection: an answer a request, then the end."""

    scripts: list[Sequence[bytes]]
    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    serving: list["asyncio.Task[None]"] = field(default_factory=list)

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until the peer leaves."""
        self.serving.append(asyncio.create_task(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with closing(writer), suppress(asyncio.IncompleteReadError):
            for answer in self.scripts.pop(0):
                self.asked.append(await reader.readuntil(b"\r\n\r\n{}"))
                writer.write(answer)

    async def leave(self) -> None:
        """Close what is still open."""
        for task in self.serving:
            task.cancel()
        await asyncio.wait(self.serving)

    @property
    def place(self) -> Place:
        """Return where it listens."""
        return Place(f"http://127.0.0.1:{self.port}", "127.0.0.1", self.port, "127.0.0.1")


@asynccontextmanager
async def a_peer(*scripts: Sequence[bytes]) -> AsyncIterator[Peer]:
    """Listen on the loopback."""
    peer = Peer(list(scripts))
    async with await asyncio.start_server(peer.begin, "127.0.0.1", 0) as server:
        peer.port = server.sockets[0].getsockname()[1]
        yield peer
        await peer.leave()


async def post(way: Lines, peer: Peer) -> Heard:
    """Send a small request."""
    return await way.post(peer.place, b"/hook", {"host": "nhan.vn"}, b"{}")


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(NOTHING, 204, b"", id="no body"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok", id="length"),
        pytest.param(CHUNKED, 200, b"abcde", id="chunks"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nall", 200, b"all", id="till the end"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + NOTHING, 204, b"", id="a word before"),
    ],
)
async def test_an_answer_is_whole(answer: bytes, status: int, body: bytes) -> None:
    async with a_peer([answer]) as peer:
        heard = await post(Lines(timeout=5), peer)
    assert (heard.status, heard.body) == (status, body)
    assert peer.asked == [b"POST /hook HTTP/1.1\r\nhost: nhan.vn\r\ncontent-length: 2\r\n\r\n{}"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(b"", httpx.RemoteProtocolError, id="nothing"),
        pytest.param(b"HTTP/1.1 broken\r\n\r\n", httpx.RemoteProtocolError, id="no HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", httpx.RemoteProtocolError, id="half a head"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * HEARD, httpx.RemoteProtocolError, id="no end"
        ),
    ],
)
async def test_what_is_no_answer_is_a_failure(
    answer: bytes, why: type[httpx.TransportError]
) -> None:
    async with a_peer([answer]) as peer:
        with pytest.raises(why):
            await post(Lines(timeout=5), peer)


async def test_a_receiver_that_talks_without_end_is_cut_off() -> None:
    talk = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b"x" * (HEARD + 1)
    async with a_peer([talk], [NOTHING]) as peer:
        way = Lines(timeout=5)
        assert (await post(way, peer)).status == 200
        assert (await post(way, peer)).status == 204
        assert len(peer.scripts) == 0


async def test_a_receiver_that_says_nothing_is_left_in_time() -> None:
    async with a_peer([NOTHING, b""]) as peer:
        way = Lines(timeout=0.05)
        assert (await post(way, peer)).status == 204
        with pytest.raises(httpx.TransportError):
            await post(way, peer)


async def test_a_line_serves_again_and_a_new_one_where_it_was_closed() -> None:
    parting = NOTHING.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    async with a_peer([NOTHING, parting], [NOTHING]) as peer:
        way = Lines(timeout=5)
        for _ in range(3):
            assert (await post(way, peer)).status == 204
        assert (len(peer.scripts), len(peer.asked)) == (0, 3)


async def test_a_line_without_work_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_peer([NOTHING, NOTHING], [NOTHING]) as peer:
        way = Lines(timeout=5)
        await post(way, peer)
        monkeypatch.setattr(lines, "KEPT", 0.0)
        way.close_idle()
        monkeypatch.undo()
        await post(way, peer)
        assert peer.scripts == []
