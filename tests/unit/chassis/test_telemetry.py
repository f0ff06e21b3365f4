"""What the log tells of an error, and what it keeps to itself."""

import sys

from chassis.telemetry import SHOW_ERRORS


def test_a_logged_error_shows_its_frames_but_not_their_variables() -> None:
    password = "tháng giêng mưa bụi"
    try:
        raise RuntimeError("bug")
    except RuntimeError:
        row = SHOW_ERRORS(None, "error", {"exc_info": sys.exc_info()})
    assert "test_a_logged_error" in str(row)
    assert password not in str(row)
