"""The mailboxes after the storms: each public notice once to each subscriber, and to nobody twice.

SMTP lets a sender that dies at the wrong moment send again; then the copies bear one Message-ID,
by which a mailbox knows them as one.
"""

import mailbox
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from email import message_from_bytes, policy
from itertools import product

from tests.chaos.rows import rows
from tests.support.hub import RunningHub

READERS = ("bao-chi@example.vn", "doanh-nghiep@example.vn")
"""Subscribers to public notices."""
MAILS = """
SELECT id::text, recipient, facts -> 'notice' ->> 'id' FROM mails WHERE template = 'notice'
"""
ALL = "SELECT id::text FROM mails"
UNSENT = "SELECT count(*) FROM mails WHERE state <> 'sent' AND template = 'notice'"
NOTICES = "SELECT id::text FROM notices WHERE visible_at > %s"


def check(hub: RunningHub, ordered: Sequence[str], since: object) -> Iterator[str]:
    """I1, I2: notices of orders the driver was told of, and of everything else made public."""
    public = {notice for (notice,) in rows(hub, "notifications", NOTICES, since)}
    for notice in ordered:
        if notice not in public:
            yield f"I1: notice {notice} of an acknowledged order is not public"
    letters = letters_of(hub)
    yield from _to_readers(hub, public, letters)
    known = {mail for (mail,) in rows(hub, "notifications", ALL)}
    for recipient, mail in letters:
        if mail not in known:
            yield f"I2: a letter to {recipient} under {mail}, which nobody wrote"


def _to_readers(
    hub: RunningHub, public: Set[str], letters: Counter[tuple[str, str]]
) -> Iterator[str]:
    queued: dict[tuple[str, str], list[str]] = defaultdict(list)
    for mail, recipient, notice in rows(hub, "notifications", MAILS):
        queued[recipient, notice].append(mail)
    for reader, notice in product(READERS, sorted(public)):
        mails = queued[reader, notice]
        if len(mails) != 1:
            yield f"I2: notice {notice} to {reader}: {len(mails)} mails"
        elif not letters[reader, mails[0]]:
            yield f"I1: notice {notice} never reached {reader}"


def letters_of(hub: RunningHub) -> Counter[tuple[str, str]]:
    """Count the letters in the Maildir by recipient and the id in their Message-ID."""
    box = mailbox.Maildir(hub.hub.mail, create=False)
    found: Counter[tuple[str, str]] = Counter()
    for key in box.iterkeys():
        letter = message_from_bytes(box.get_bytes(key), policy=policy.default)
        found[str(letter["To"]), str(letter["Message-ID"]).strip("<>").partition("@")[0]] += 1
    return found


def under_way(hub: RunningHub) -> int:
    """Return how many mails of notices have not been taken by the mail server."""
    return int(rows(hub, "notifications", UNSENT)[0][0])
