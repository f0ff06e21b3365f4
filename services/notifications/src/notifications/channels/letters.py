"""A mail as RFC 5322 writes it: text first, HTML beside it, a Message-ID that never changes."""

from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy, default
from email.utils import format_datetime

from notifications.channels.templates import TEMPLATES
from notifications.domain.mails import Mail


class Url(UnstructuredHeader, BaseHeader):
    """A header that holds one URL: never folded, for a folded URL would be encoded and lost."""

    def fold(self, *, policy: Policy) -> str:
        """Return the whole line."""
        return f"{self.name}: {self}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("List-Unsubscribe", Url)
LETTER = default.clone(header_factory=HEADERS)


def letter(mail: Mail, *, sender: str, origin: str) -> EmailMessage:
    """Return ``mail`` ready to leave; raises ``ValueError`` where its recipient is no address."""
    facts = {**mail.facts, "origin": origin}
    message = EmailMessage(policy=LETTER)
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.leaves_at)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    subscription = mail.facts.get("subscription")
    if subscription:
        way_out = f"{origin}/notices/subscriptions/{subscription}"
        message["List-Unsubscribe"] = f"<{way_out}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(TEMPLATES.get_template(f"{mail.template}-mail.txt").render(facts))
    html = TEMPLATES.get_template(f"{mail.template}-mail.html").render(facts)
    message.add_alternative(html, subtype="html")
    return message
