"""The faults that ``make mutants`` writes still have their place in the code."""

import pytest

from tests.mutants.__main__ import ROOT, Mutant, mutants


@pytest.mark.parametrize("mutant", mutants(), ids=lambda one: one.name)
def test_a_fault_has_its_place_and_its_tests(mutant: Mutant) -> None:
    assert mutant.text()
    assert all((ROOT / test).exists() for test in mutant.tests)
