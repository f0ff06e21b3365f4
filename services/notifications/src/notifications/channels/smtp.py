"""Mail by SMTP (RFC 5321), one connection for a batch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import aiosmtplib

from notifications.channels.letters import letter
from notifications.domain.mails import LEASE, Fate, Mail

TIMEOUT = 10.0
LONGEST = LEASE.total_seconds() - 2 * TIMEOUT
"""Seconds that a batch may take, so that no other process takes its mails up meanwhile."""
CLOSING = 421
"""The server's word before it hangs up: it is no judgement of the mail."""

Note = Callable[[UUID, Fate, str | None], Awaitable[None]]
"""Writes down what the server said to one mail."""


@dataclass(frozen=True)
class Post:
    """The mail server, and in whose name letters leave."""

    host: str
    port: int
    sender: str
    origin: str

    async def send(self, mails: Sequence[Mail], note: Note) -> None:
        """Offer ``mails`` in turn and have each answer noted before the next mail is offered.

        What is left when the server goes away is noted as not offered.
        """
        waiting = list(mails)
        try:
            async with (
                asyncio.timeout(LONGEST),
                aiosmtplib.SMTP(hostname=self.host, port=self.port, timeout=TIMEOUT) as server,
            ):
                while waiting:
                    fate, said = await self._offer(server, waiting[0])
                    await note(waiting.pop(0).id, fate, said)
        except (OSError, aiosmtplib.SMTPException) as why:
            reason = f"{type(why).__name__}: {why}"
            for mail in waiting:
                await note(mail.id, Fate.NOT_OFFERED, reason)

    async def _offer(self, server: aiosmtplib.SMTP, mail: Mail) -> tuple[Fate, str | None]:
        try:
            await server.send_message(letter(mail, sender=self.sender, origin=self.origin))
        except (ValueError, aiosmtplib.SMTPNotSupported) as why:
            return Fate.REFUSED_FOR_GOOD, str(why)
        except aiosmtplib.SMTPRecipientsRefused as why:
            return _fate(why.recipients[0])
        except aiosmtplib.SMTPResponseException as why:
            return _fate(why)
        return Fate.TAKEN, None


def _fate(why: aiosmtplib.SMTPResponseException) -> tuple[Fate, str | None]:
    if why.code == CLOSING:
        raise why
    is_final = 500 <= why.code < 600
    said = f"{why.code} {why.message}"
    return (Fate.REFUSED_FOR_GOOD if is_final else Fate.REFUSED_FOR_NOW), said
