"""A wire carries, cuts and holds: what the storms rely on."""

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.chaos.wires import Wire


class Echo(socketserver.BaseRequestHandler):
    """Says back what it hears."""

    def handle(self) -> None:
        while said := self.request.recv(1024):
            self.request.sendall(said)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Give a wire that leads to an echo."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with Wire(0, server.server_address[1]).open() as wire:
            yield wire
        server.shutdown()
        thread.join()


def test_a_wire_carries_both_ways_until_it_is_cut(wire: Wire) -> None:
    with socket.create_connection(("127.0.0.1", wire.port), 5) as end:
        end.sendall(b"said")
        assert end.recv(4) == b"said"
        assert wire.cut() == 1
        assert is_over(end)


def is_over(end: socket.socket) -> bool:
    """Say whether nothing comes any more."""
    try:
        return end.recv(1) == b""
    except ConnectionError:
        return True


def test_a_held_wire_keeps_what_was_said_and_lets_it_through_later(wire: Wire) -> None:
    with socket.create_connection(("127.0.0.1", wire.port), 5) as end:
        end.sendall(b"1")
        assert end.recv(1) == b"1"
        holding = threading.Thread(target=wire.hold, args=(0.3,))
        holding.start()
        end.sendall(b"2")
        end.settimeout(0.1)
        with pytest.raises(TimeoutError):
            end.recv(1)
        end.settimeout(5)
        assert end.recv(1) == b"2"
        holding.join()
