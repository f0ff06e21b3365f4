"""What a list of agencies may not say."""

from accounts.domain.agencies import circular_places, unsound_places
from tests.support.builders_accounts import an_agency


def test_a_list_may_name_children_before_parents() -> None:
    listed = [an_agency("07201", parent_code="213"), an_agency("213", parent_code="24")]
    standing = {"24": an_agency("24")}
    assert list(unsound_places(listed, standing)) == []
    assert list(circular_places(listed)) == []


def test_agencies_below_themselves_are_named_and_those_below_them_are_not() -> None:
    listed = [
        an_agency("1", parent_code="2"),
        an_agency("2", parent_code="3"),
        an_agency("3", parent_code="1"),
        an_agency("4", parent_code="1"),
        an_agency("5", parent_code="24"),
    ]
    assert [place.pointer for place in circular_places(listed)] == [
        f"/agencies/{at}/parent_code" for at in range(3)
    ]


def test_the_same_facts_on_another_legal_basis_are_the_same_agency() -> None:
    agency = an_agency()
    assert agency.is_same_as(an_agency(legal_basis="Nghị quyết khác"))
    assert not agency.is_same_as(an_agency(valid_from=agency.valid_from.replace(year=2021)))
