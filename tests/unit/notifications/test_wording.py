"""Every sentence can be filled with the facts it has blanks for."""

from datetime import UTC, datetime

import pytest

from contracts.connector_gateway.v1 import Ground
from notifications.domain.wording import ground_in_words, kind_in_words, moment, wording


@pytest.mark.parametrize("ground", Ground)
def test_every_legal_ground_has_words(ground: Ground) -> None:
    assert "khoản 1 Điều 8" in ground_in_words(ground)


@pytest.mark.parametrize("kind", ["suspension", "lift", "extension"])
def test_every_kind_of_notice_has_words(kind: str) -> None:
    assert kind_in_words(kind) != kind


def test_a_kind_without_words_is_called_by_its_code() -> None:
    assert kind_in_words("root") == "root"


@pytest.mark.parametrize(
    "at", [datetime(2026, 12, 16, 10, tzinfo=UTC), "2026-12-16T10:00:00Z", "2026-12-16T17:00+07:00"]
)
def test_a_moment_is_written_as_people_of_the_province_write_it(at: datetime | str) -> None:
    assert moment(at) == "17:00 16/12/2026"


def test_every_message_has_a_subject_a_body_and_a_link() -> None:
    for name in wording().keys() - {"grounds", "kinds", "feeds", "digest", "lists", "reminders"}:
        assert wording()[name].keys() == {"subject", "body", "link"}
