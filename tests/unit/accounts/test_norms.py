"""Figures with sources and days: the row that began last holds."""

from datetime import date

from accounts.domain.norms import norms_on


def test_figures_of_today_and_of_before_the_regulation_are_there() -> None:
    today = norms_on(date(2026, 11, 24))
    assert (today.free_sign_ins, today.idle_minutes, today.shortest_password) == (5, 15, 15)
    assert norms_on(date(2000, 1, 1)) == today
