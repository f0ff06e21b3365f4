"""A mail on its way: taken up, taken, refused, given up."""

from datetime import timedelta

import pytest

from notifications.domain.mails import GIVE_UP_AFTER, LEASE, LONGEST_PAUSE, Fate, Mail, MailState
from tests.support.builders_notifications import NOON, a_mail

SECOND = timedelta(seconds=1)


def test_a_mail_that_was_taken_up_is_kept_from_others_for_a_while() -> None:
    mail = a_mail()
    mail.take_up(now=NOON)
    assert mail.next_attempt_at == NOON + LEASE


def test_a_mail_that_the_server_took_is_sent() -> None:
    mail = a_mail()
    mail.note(Fate.TAKEN, now=NOON + SECOND)
    assert (mail.state, mail.sent_at, mail.attempts) == (MailState.SENT, NOON + SECOND, 1)


def test_a_mail_refused_for_good_fails_with_the_reason() -> None:
    mail = a_mail()
    mail.note(Fate.REFUSED_FOR_GOOD, "550 No such user", now=NOON)
    assert (mail.state, mail.last_error) == (MailState.FAILED, "550 No such user")


def test_a_mail_that_could_not_be_offered_waits_without_blame() -> None:
    mail = a_mail()
    mail.take_up(now=NOON)
    mail.note(Fate.NOT_OFFERED, "connection refused", now=NOON + SECOND)
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 0)
    assert mail.next_attempt_at == NOON + SECOND


@pytest.mark.parametrize(
    ("attempt", "pause"),
    [
        (1, 2 * SECOND),
        (2, 4 * SECOND),
        (10, 1024 * SECOND),
        (12, LONGEST_PAUSE),
        (99, LONGEST_PAUSE),
    ],
)
def test_pauses_double_up_to_an_hour(attempt: int, pause: timedelta) -> None:
    mail = a_mail(attempts=attempt - 1)
    mail.note(Fate.REFUSED_FOR_NOW, "450 later", now=NOON)
    assert mail.next_attempt_at == NOON + pause


@pytest.mark.parametrize(
    ("age", "state"),
    [(GIVE_UP_AFTER - SECOND, MailState.QUEUED), (GIVE_UP_AFTER, MailState.FAILED)],
    ids=["just before", "after three days"],
)
def test_a_mail_is_given_up_after_three_days(age: timedelta, state: MailState) -> None:
    mail: Mail = a_mail(give_up_at=NOON - age + GIVE_UP_AFTER)
    mail.note(Fate.REFUSED_FOR_NOW, "450 later", now=NOON)
    assert mail.state is state
