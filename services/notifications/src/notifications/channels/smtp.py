"""Mail by SMTP (RFC 5321), one connection for a batch."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from notifications.domain.mails import Mail


@dataclass(frozen=True)
class Sent:
    """What became of one mail: taken when ``why`` is None, else refused, perhaps for good."""

    mail: Mail
    why: str | None = None
    is_final: bool = False


async def send_all(
    mails: Sequence[Mail], *, host: str, port: int, sender: str
) -> AsyncIterator[Sent]:
    """Send ``mails`` in turn; raises ``OSError`` or ``SMTPException`` where no server answers."""
    async with aiosmtplib.SMTP(hostname=host, port=port, timeout=20, start_tls=None) as server:
        for mail in mails:
            try:
                await server.send_message(letter(mail, sender))
            except aiosmtplib.SMTPResponseException as why:
                yield Sent(mail, str(why), is_final=500 <= why.code < 600)
            except aiosmtplib.SMTPRecipientsRefused as why:
                yield Sent(mail, str(why), is_final=True)
            else:
                yield Sent(mail)


def letter(mail: Mail, sender: str) -> EmailMessage:
    """Return a mail as RFC 5322 writes it, text first and HTML beside it."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.queued_at)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message
