"""The glossary tells the truth: every word of a row stands in the row's room."""

import re
import unicodedata

import pytest

from tests.support.sources import ROOT

TEXT = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and "identifier" not in line
]
ARTICLE = re.compile(r"Điều \d+(\.\d+)?[a-zđ]?|NĐ \d+/\d{4}|QĐ \d+/\d{4}|Phụ lục")
WORD = re.compile(r"`([^`]+)`")


def test_the_glossary_has_rows() -> None:
    assert len(ROWS) > 50
    assert unicodedata.is_normalized("NFC", TEXT)


@pytest.mark.parametrize(("vietnamese", "words", "article", "room"), ROWS, ids=[r[0] for r in ROWS])
def test_a_concept_has_a_word_an_article_and_a_room(
    vietnamese: str, words: str, article: str, room: str
) -> None:
    assert vietnamese
    assert ARTICLE.search(article)
    rooms = [ROOT / name for name in WORD.findall(room)]
    assert rooms
    code = "\n".join(path.read_text(encoding="utf-8") for path in rooms)
    missing = [word for word in WORD.findall(words) if not re.search(rf"\b{word}\b", code)]
    assert not missing


def test_no_concept_has_two_rows() -> None:
    names = [row[0] for row in ROWS]
    assert len(names) == len(set(names))
