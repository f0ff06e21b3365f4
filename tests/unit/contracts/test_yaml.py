"""Generated YAML says what was meant to whoever reads it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.yaml import dump

PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | PRINTABLE,
    lambda inner: st.lists(inner) | st.dictionaries(PRINTABLE, inner),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_a_document_is_read_as_it_was_meant(document: object) -> None:
    assert yaml.safe_load(dump(document)) == document


@pytest.mark.parametrize(
    "word",
    [
        *("yes", "No", "on", "null", "1.0", "1:30", "0x1F", "2026-01-01", "", " x", "x "),
        *("- x", "a: b", "a #b", "*", "&x", "'", '"', "~", "@x", "%x", "{}", "[]", "!t", "|", ">"),
    ],
)
def test_a_word_stays_a_word(word: str) -> None:
    assert yaml.safe_load(dump({"word": word, word: [word, {word: word}]}))["word"] == word


def test_lines_of_text_stay_lines() -> None:
    document = {"text": "Điều 8.\n\n  thụt vào\nhết", "next": 1}
    assert dump(document).startswith("text: |-\n  Điều 8.\n\n    thụt vào\n")
    assert yaml.safe_load(dump(document)) == document
