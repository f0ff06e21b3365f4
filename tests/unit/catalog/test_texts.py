"""Every refusal of catalog has its Vietnamese sentences, and no sentence is left over."""

from catalog.domain.regimes import Scope
from chassis.problems import load_texts
from tests.support.texts import slugs_of


def test_every_error_and_every_place_has_title_detail_and_advice() -> None:
    reasons = {f"scope-{scope.lower().replace('_', '-')}" for scope in Scope}
    texts = load_texts("catalog")
    assert texts.keys() == slugs_of("catalog") | reasons - {"scope-administrative"}
    assert all(text.keys() == {"title", "detail", "advice"} for text in texts.values())
