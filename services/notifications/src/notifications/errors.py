"""Every way notifications says no; the Vietnamese sentences stand in ``texts.toml``."""

from chassis.errors import Conflict, Forbidden, Invalid, NotFound


class NoticeNotFound(NotFound):
    """There is no public notice of that id."""

    slug = "notice-not-found"


class NoticeIsPublic(Conflict):
    """What everyone can read is never changed: a correction is a notice of its own (Điều 8.2)."""

    slug = "notice-is-public"


class RootIsPublic(Conflict):
    """The ledger of a day has one signed root; another one is a forgery or a fault."""

    slug = "root-is-public"


class InboxItemNotFound(NotFound):
    """There is no such item in the inbox of whoever asks."""

    slug = "inbox-item-not-found"


class NoInbox(Forbidden):
    """Whoever asks is a system; inboxes belong to persons."""

    slug = "no-inbox"


class MailNotFound(NotFound):
    """There is no such mail."""

    slug = "mail-not-found"


class MailHasNotFailed(Conflict):
    """Only a mail that was given up is tried again by hand; the others are on their way."""

    slug = "mail-has-not-failed"


class QuietHoursEmpty(Invalid):
    """Quiet hours that begin and end at the same minute: is it no hour or every hour?"""

    slug = "quiet-hours-empty"


class FeedbackNotFound(NotFound):
    """There is no such feedback, or it is not for whoever asks."""

    slug = "feedback-not-found"


class FeedbackIsAnswered(Conflict):
    """A feedback is answered once: its author has read the answer."""

    slug = "feedback-is-answered"


class PeriodBackwards(Invalid):
    """The last day lies before the first."""

    slug = "period-backwards"
