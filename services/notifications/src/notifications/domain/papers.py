"""What a mail says, as text and as HTML, filled from templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.domain.inboxes import Message
from notifications.domain.wording import moment

PAGES = Environment(
    loader=PackageLoader("notifications"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters["moment"] = moment


class Notice(Protocol):
    """A public notice as far as a mail speaks of it."""

    id: UUID
    title: str


@dataclass(frozen=True)
class Paper:
    """A mail before it has a recipient."""

    subject: str
    text: str
    html: str


def notice_paper(notice: Notice) -> Paper:
    """Return the mail that tells of a public notice."""
    return _paper("notice-mail", notice.title, {"notice": notice})


def message_paper(message: Message) -> Paper:
    """Return the mail that tells what an inbox tells."""
    return _paper("message-mail", message.subject, {"message": message})


def _paper(template: str, subject: str, facts: Mapping[str, object]) -> Paper:
    return Paper(
        subject=subject,
        text=PAGES.get_template(f"{template}.txt").render(facts),
        html=PAGES.get_template(f"{template}.html").render(facts),
    )
