"""Agencies (cơ quan, đơn vị): an effective-dated tree with both code schemes (Điều 1.2)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import Text
from sqlmodel import Field

from accounts.domain import Table
from chassis.errors import Place
from contracts.accounts.v1 import AgencyLevel


class Agency(Table, table=True):
    """An agency as it is from ``valid_from`` on, opened on a legal basis."""

    __tablename__ = "agencies"

    code: str = Field(primary_key=True)
    identification_code: str | None = None
    name: str
    level: AgencyLevel = Field(sa_type=Text)
    parent_code: str | None = None
    valid_from: date
    valid_to: date | None = None
    legal_basis: str

    def is_same_as(self, other: "Agency") -> bool:
        """Say whether ``other`` tells nothing new of this agency; its legal basis may differ."""
        names = ("name", "parent_code", "identification_code", "valid_from", "valid_to")
        return str(self.level) == str(other.level) and all(
            getattr(self, name) == getattr(other, name) for name in names
        )


def unsound_places(listed: Sequence[Agency], standing: Mapping[str, Agency]) -> Iterator[Place]:
    """Yield every place of a list to be opened that contradicts the list or what stands."""
    codes = {agency.code for agency in listed} | set(standing)
    holders = {one.identification_code: one.code for one in standing.values()}
    seen: set[str] = set()
    for at, agency in enumerate(listed):
        if agency.code in seen:
            yield Place(f"/agencies/{at}/code", "agency-twice", params={"agency": agency.code})
        seen.add(agency.code)
        if agency.parent_code and agency.parent_code not in codes:
            params = {"agency": agency.parent_code}
            yield Place(f"/agencies/{at}/parent_code", "agency-unknown", params=params)
        if agency.valid_to and agency.valid_to <= agency.valid_from:
            yield Place(f"/agencies/{at}/valid_to", "validity-reversed")
        other = agency.identification_code
        if other and holders.setdefault(other, agency.code) != agency.code:
            params = {"agency": other}
            yield Place(f"/agencies/{at}/identification_code", "agency-twice", params=params)


def circular_places(listed: Sequence[Agency]) -> Iterator[Place]:
    """Yield the agencies of a list that stand, over others, below themselves."""
    parents = {agency.code: agency.parent_code for agency in listed}
    for at, agency in enumerate(listed):
        above, steps = agency.parent_code, 0
        while above in parents and above != agency.code and steps < len(parents):
            above, steps = parents[above], steps + 1
        if above == agency.code:
            params = {"agency": agency.code}
            yield Place(f"/agencies/{at}/parent_code", "agency-circular", params=params)
