"""Detectors judge counters against figures that have a source; each has its words."""

import tomllib
from datetime import date, timedelta
from importlib import resources

import pytest

from connector_gateway.commands.announcements import words
from connector_gateway.domain.detectors import (
    COUNTED_IN,
    SPANS,
    Detector,
    Watched,
    window_of,
)
from connector_gateway.domain.norms import norms_on

NORMS = norms_on(date(2026, 8, 21))


@pytest.mark.parametrize(
    ("watched", "is_beyond"),
    [
        (Watched("a", Detector.BAD_SIGNATURES, 10), False),
        (Watched("a", Detector.BAD_SIGNATURES, 11), True),
        (Watched("a", Detector.REPLAYED_NONCE, 1), True),
        (Watched("a", Detector.SCHEMA_ERRORS, 4, of=20), False),
        (Watched("a", Detector.SCHEMA_ERRORS, 5, of=20), True),
        (Watched("a", Detector.SCHEMA_ERRORS, 19, of=19), False),
        (Watched("a", Detector.VOLUME, 500, normal=100, days=14), False),
        (Watched("a", Detector.VOLUME, 501, normal=100, days=14), True),
        (Watched("a", Detector.VOLUME, 501, normal=100, days=4), False),
        (Watched("a", Detector.VOLUME, 99, normal=1, days=14), False),
    ],
    ids=str,
)
def test_what_is_beyond_what_may_be(watched: Watched, is_beyond: bool) -> None:
    assert watched.is_beyond(NORMS) is is_beyond


@pytest.mark.parametrize("detector", Detector)
def test_a_detector_has_words_and_a_window_of_whole_spans(detector: Detector) -> None:
    told = {detector.value, f"{detector}-evidence", f"{detector}-public"}
    assert told <= words().keys()
    for tally in COUNTED_IN.get(detector, ()):
        assert window_of(detector, NORMS) % SPANS[tally] == timedelta()


def test_every_figure_has_a_source_and_a_day() -> None:
    text = resources.files("connector_gateway").joinpath("norms.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["norms"]
    assert all(row["source"].strip() and row["valid_from"] <= date(2026, 1, 1) for row in rows)
    assert (NORMS.request_working_days, NORMS.bad_signatures_a_minute) == (2, 10)
    assert (NORMS.schema_errors_percent, NORMS.volume_times) == (20, 5)
