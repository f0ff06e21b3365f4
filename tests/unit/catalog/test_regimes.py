"""The moves of a regime, and the days of its legal basis (Điều 5.1, 9.3)."""

from datetime import date, datetime

import pytest

from catalog.domain.regimes import Scope, Status, impossible_days, must_be_in_scope
from catalog.errors import RegimeAlreadyInForce, RegimeNotInForce, RegimeOutOfScope
from chassis.clock import ZONE
from chassis.errors import PreconditionFailed
from tests.support.builders_catalog import a_legal_basis, a_regime

FROM = date(2023, 1, 1)
NOW = datetime(2026, 11, 24, 9, tzinfo=ZONE)


@pytest.mark.parametrize("status", list(Status))
def test_only_a_draft_or_a_suspended_regime_is_put_in_force(status: Status) -> None:
    regime = a_regime(status=status)
    if status in {Status.DRAFT, Status.SUSPENDED}:
        regime.put_in_force(a_legal_basis(), FROM, by="dieu-hanh")
        assert regime.status == Status.IN_FORCE
        assert regime.legal_basis == a_legal_basis().model_dump(mode="json")
    else:
        with pytest.raises(RegimeAlreadyInForce):
            regime.put_in_force(a_legal_basis(), FROM, by="dieu-hanh")
        assert regime.legal_basis is None


@pytest.mark.parametrize("status", [status for status in Status if status != Status.IN_FORCE])
def test_only_a_regime_in_force_is_given_to_a_lead_agency(status: Status) -> None:
    with pytest.raises(RegimeNotInForce):
        a_regime(status=status).must_be_in_force()


def test_a_draft_changes_only_at_the_revision_that_was_read() -> None:
    regime = a_regime()
    with pytest.raises(PreconditionFailed):
        regime.redraft(a_regime(name="Khác"), 2)
    regime.redraft(a_regime(name="Khác", due_working_days=5), 1)
    assert (regime.name, regime.due_working_days, regime.revision) == ("Khác", 5, 2)


def test_what_is_in_force_is_never_redrafted() -> None:
    regime = a_regime()
    regime.put_in_force(a_legal_basis(), FROM, by="dieu-hanh")
    with pytest.raises(RegimeAlreadyInForce):
        regime.redraft(a_regime(name="Khác"), regime.revision)


def test_the_fact_says_everything_that_the_regime_holds() -> None:
    regime = a_regime()
    regime.put_in_force(a_legal_basis(), FROM, by="dieu-hanh")
    event = regime.in_force_event()
    assert (event.regime, event.in_force_from) == ("BC-THU", FROM)
    assert event.form.model_dump(mode="json") == regime.form


@pytest.mark.parametrize(
    ("issued_on", "in_force_from", "type"),
    [
        (date(2022, 11, 15), date(2022, 11, 15), None),
        (date(2026, 11, 24), None, None),
        (date(2026, 11, 25), date(2027, 1, 1), "day-not-come"),
        (date(2022, 11, 15), date(2022, 11, 14), "in-force-before-issue"),
    ],
    ids=["same day", "today", "tomorrow", "before its issue"],
)
def test_a_decision_is_issued_before_it_takes_effect(
    issued_on: date, in_force_from: date | None, type: str | None
) -> None:
    found = [place.type for place in impossible_days(a_legal_basis(issued_on), in_force_from, NOW)]
    assert found == ([type] if type else [])


@pytest.mark.parametrize("scope", list(Scope))
def test_only_administrative_reports_are_in_scope(scope: Scope) -> None:
    if scope is Scope.ADMINISTRATIVE:
        must_be_in_scope(scope)
    else:
        with pytest.raises(RegimeOutOfScope) as refused:
            must_be_in_scope(scope)
        assert [place.pointer for place in refused.value.errors] == ["/scope"]
