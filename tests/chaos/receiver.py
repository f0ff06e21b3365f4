"""The system of an authority: takes webhooks, now and then badly, and remembers what came.

It stands outside the hub and keeps what a receiver should by the Standard Webhooks: the effect of
each ``webhook-id``, once.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from tests.chaos.journal import Journal

MISCHIEF = 0.15
"""Share of messages whose first delivery goes wrong at the receiver's."""


@dataclass(frozen=True)
class Arrival:
    """A webhook that reached the receiver, in the order they came."""

    webhook_id: str
    key: str
    number: int
    body: bytes


@dataclass
class Receiver:
    """What has arrived, and the moods in which it is answered."""

    journal: Journal
    rng: Random = field(default_factory=lambda: Random(0))
    arrivals: list[Arrival] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, webhook_id: str, body: bytes) -> str:
        """Keep a delivery; return how to answer it: ok, refuse, hang up or dawdle."""
        facts = json.loads(body)["data"]
        arrival = Arrival(
            webhook_id, facts["consolidation_id"], int(facts["totals"]["number"]), body
        )
        with self.guard:
            is_new = webhook_id not in {one.webhook_id for one in self.arrivals}
            is_bad = is_new and self.rng.random() < MISCHIEF
            mood = self.rng.choice(["refuse", "hang up", "dawdle"]) if is_bad else "ok"
            self.arrivals.append(arrival)
            self.journal.say(
                "arrival", webhook_id=webhook_id, key=arrival.key, number=arrival.number, mood=mood
            )
        return mood


@contextmanager
def receiving(journal: Journal) -> Iterator[tuple[Receiver, int]]:
    """Listen while the block lasts; give the receiver and its port."""
    receiver = Receiver(journal)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            mood = receiver.take(self.headers["webhook-id"], body)
            if mood == "hang up":
                self.close_connection = True
                return
            if mood == "dawdle":
                time.sleep(0.5)
            self.send_response(500 if mood == "refuse" else 204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Leave the terminal to the storms."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: connections that end in the middle are what this is for."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
