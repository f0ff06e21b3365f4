"""The decision of the resume wizard as its form carries it from step to step."""

import pytest
from starlette.datastructures import FormData

from portal.api.lifting import decision_of

TYPED = {
    "held_from": "2026-06-15T08:00",
    "held_to": "hôm qua",
    "discard_reason": "Đã gửi bản giấy",
}
NOTHING = {"from": None, "to": None, "reason": None}
REASON = {"reason": "Đã gửi bản giấy"}


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ("all", {}),
        ("latest", {}),
        ("discard", REASON),
        ("range", {"from": "2026-06-15T08:00:00+07:00", "to": "hôm qua", **REASON}),
    ],
)
def test_what_was_typed_for_another_choice_is_no_part_of_the_decision(
    choice: str, kept: dict[str, str]
) -> None:
    sent = FormData({"choose": choice, **TYPED})
    assert decision_of(sent) == NOTHING | {"choose": choice} | kept
