"""Every refusal of accounts has its Vietnamese sentences, and no sentence is left over."""

from chassis.problems import load_texts
from tests.support.texts import slugs_of


def test_every_error_and_every_place_has_title_detail_and_advice() -> None:
    texts = load_texts("accounts")
    assert texts.keys() == slugs_of("accounts")
    assert all(text.keys() == {"title", "detail", "advice"} for text in texts.values())
