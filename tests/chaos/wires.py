"""A wire between two parts that can be cut or held: a TCP proxy of the tests' own, in threads."""

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx

CHUNK = 1 << 16
PATIENCE = 5.0
"""Seconds for which a wire waits for the part it leads to."""


class Wire:
    """Carries bytes both ways between whoever calls its port and the port it leads to."""

    def __init__(self, port: int, leads_to: int) -> None:
        self._leads_to = leads_to
        self._flows = threading.Event()
        self._flows.set()
        self._ends: set[socket.socket] = set()
        self._guard = threading.Lock()
        wire = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire._carry(self.request)

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]

    @contextlib.contextmanager
    def open(self) -> Iterator["Wire"]:
        """Carry while the block lasts."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._flows.set()
            self._server.shutdown()
            self._server.server_close()
            self.cut()
            thread.join()

    def cut(self) -> int:
        """Reset every connection, whatever is under way; return how many there were."""
        with self._guard:
            ends = list(self._ends)
        for end in ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
        return len(ends) // 2

    def hold(self, seconds: float) -> None:
        """Let nothing through for a while and close nothing: a half-open peer."""
        self._flows.clear()
        time.sleep(seconds)
        self._flows.set()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._leads_to), PATIENCE)
        except OSError:
            return
        far.settimeout(None)
        with self._guard:
            self._ends |= {near, far}
        back = threading.Thread(target=self._pump, args=(far, near), daemon=True)
        back.start()
        self._pump(near, far)
        back.join()
        with self._guard:
            self._ends -= {near, far}
        far.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while said := source.recv(CHUNK):
                self._flows.wait()
                sink.sendall(said)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections that end in the middle are what this is for."""


class Through(httpx.HTTPTransport):
    """Sends requests to ``port`` of this machine, whatever address they name."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its Host header stays what it was."""
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return super().handle_request(request)
