"""Every way notifications says no; the Vietnamese sentences stand in ``texts.toml``."""

from chassis.errors import NotFound


class NoticeNotFound(NotFound):
    """There is no public notice of that id."""

    slug = "notice-not-found"


class InboxItemNotFound(NotFound):
    """There is no such item in the inbox of whoever asks."""

    slug = "inbox-item-not-found"
