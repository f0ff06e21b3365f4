"""A real SMTP server of the tests' own, which can be told to refuse.

``async with a_mail_server() as server``: ``server.letters`` are the mails it took, in order;
``server.answers["x@y.vn"] = "450 later"`` makes it refuse a recipient; ``server.post()`` is the way
to it.
"""

import asyncio
import email
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from notifications.channels.smtp import Post

SENDER = "khong-tra-loi@baocao.example.vn"
ORIGIN = "http://hub.test"


@dataclass
class MailServer:
    """The server's memory and moods."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    on_letter: Callable[[], object] = bool
    """Called while a letter is being taken, before the server says so."""

    def post(self) -> Post:
        """Return the way to this server."""
        return Post("127.0.0.1", self.port, SENDER, ORIGIN)

    def recipients(self) -> list[str]:
        """Return to whom letters came, in order."""
        return [str(letter["To"]) for letter in self.letters]

    # The names of these hooks are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient or refuse it."""
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a letter."""
        content: Any = envelope.content
        letter = email.message_from_bytes(content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.on_letter()
        return "250 OK"


@asynccontextmanager
async def a_mail_server() -> AsyncIterator[MailServer]:
    """Run a mail server on the loopback."""
    mind = MailServer()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(mind, loop=loop), "127.0.0.1", 0)
    mind.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield mind
