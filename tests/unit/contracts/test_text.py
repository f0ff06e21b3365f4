"""Text as the hub takes it: NFC, nothing invisible (Điều 3.4, TCVN 6909:2001)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.text import Text, nfc

TEXT: TypeAdapter[str] = TypeAdapter(Text)


def test_decomposed_letters_become_one() -> None:
    assert nfc(unicodedata.normalize("NFD", "Thọ Xương")) == "Thọ Xương"


@pytest.mark.parametrize("text", ["dòng một\n\tdòng hai", "“1.234,5” – đạt 100 %", "", "Điều 8 🇻🇳"])
def test_what_people_write_passes(text: str) -> None:
    assert nfc(text) == text


@pytest.mark.parametrize(
    ("letter", "named"),
    [
        ("\ufffd", "U+FFFD"),
        ("\x00", "U+0000"),
        ("\x1b", "U+001B"),
        ("\r", "U+000D"),
        ("\x7f", "U+007F"),
        ("\x85", "U+0085"),
        ("\ud800", "U+D800"),
        ("\udfff", "U+DFFF"),
        ("\ue000", "U+E000"),
        ("\U000f0000", "U+F0000"),
        ("\U0010ffff", "U+10FFFF"),
    ],
)
def test_what_nobody_can_read_is_refused_with_its_place(letter: str, named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named.replace('+', chr(92) + '+')} at 3$"):
        nfc(f"Thọ{letter}Xương")


def test_a_field_of_text_is_refused_by_its_own_kind_of_error() -> None:
    with pytest.raises(ValidationError) as refusal:
        TEXT.validate_python("Thọ\ufffd")
    (error,) = refusal.value.errors()
    assert error["type"] == "invalid-text"
    assert error["msg"] == "U+FFFD at 3"


@given(st.text())
def test_what_has_passed_passes_again_unchanged(text: str) -> None:
    try:
        once = nfc(text)
    except ValueError:
        return
    assert nfc(once) == once
    assert unicodedata.is_normalized("NFC", once)
