"""Regimes (chế độ báo cáo): drafted, put in force on a legal basis, given to a lead agency."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from catalog.domain import Table
from catalog.errors import RegimeAlreadyInForce, RegimeNotInForce, RegimeOutOfScope
from contracts.catalog.v1 import LegalBasis, RegimePutInForce
from contracts.forms import Form


class Scope(StrEnum):
    """What a regime is about; only administrative reports belong here (NĐ 09/2019 Điều 1.2)."""

    ADMINISTRATIVE = "ADMINISTRATIVE"
    STATISTICAL = "STATISTICAL"
    STATE_SECRET = "STATE_SECRET"  # noqa: S105 a kind of report, no secret
    INTERNAL = "INTERNAL"


class Status(StrEnum):
    """Where a regime stands (Điều 9.3)."""

    DRAFT = "DRAFT"
    IN_FORCE = "IN_FORCE"
    SUSPENDED = "SUSPENDED"
    REPEALED = "REPEALED"


ALLOWED: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.IN_FORCE}),
    Status.IN_FORCE: frozenset({Status.SUSPENDED, Status.REPEALED}),
    Status.SUSPENDED: frozenset({Status.IN_FORCE, Status.REPEALED}),
    Status.REPEALED: frozenset(),
}


class Regime(Table, table=True):
    """A reporting regime with its form; in force only on a legal basis (Điều 5.1)."""

    __tablename__ = "regimes"

    code: str = Field(primary_key=True)
    name: str
    kind: str
    content_form: str
    frequency: str
    cut_off_rule: str
    due_working_days: int
    recipient: str
    form: dict[str, Any] = Field(sa_type=JSONB)
    status: Status = Field(default=Status.DRAFT, sa_type=Text)
    legal_basis: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    in_force_from: date | None = None
    drafted_by: str
    drafted_at: datetime = Field(sa_type=DateTime(timezone=True))

    def put_in_force(self, legal_basis: LegalBasis, in_force_from: date) -> None:
        """Put the regime in force on the decision that issues it (Điều 5.1)."""
        if Status.IN_FORCE not in ALLOWED[Status(self.status)]:
            raise RegimeAlreadyInForce(regime=self.code)
        self.status = Status.IN_FORCE
        self.legal_basis = legal_basis.model_dump(mode="json")
        self.in_force_from = in_force_from

    def must_be_in_force(self) -> None:
        """Refuse a step that needs the regime in force (Điều 7.1)."""
        if self.status != Status.IN_FORCE:
            raise RegimeNotInForce(regime=self.code)

    def is_same_as(self, other: "Regime") -> bool:
        """Say whether ``other`` drafts nothing new."""
        names = ("name", "kind", "content_form", "frequency", "cut_off_rule")
        return self.form == other.form and all(
            str(getattr(self, name)) == str(getattr(other, name)) for name in names
        )

    def in_force_event(self) -> RegimePutInForce:
        """Return the fact that the regime is in force, its form inside."""
        return RegimePutInForce.model_validate(
            {
                "regime": self.code,
                "name": self.name,
                "kind": self.kind,
                "content_form": self.content_form,
                "legal_basis": self.legal_basis,
                "frequency": self.frequency,
                "cut_off_rule": self.cut_off_rule,
                "due_working_days": self.due_working_days,
                "recipient": self.recipient,
                "form": Form.model_validate(self.form),
                "in_force_from": self.in_force_from,
            }
        )


class Designation(Table, table=True):
    """Step 1: the operator gives a regime to its lead agency (Điều 7.1); the latest holds."""

    __tablename__ = "designations"

    id: UUID = Field(primary_key=True)
    regime: str
    agency: str
    legal_basis: dict[str, Any] = Field(sa_type=JSONB)
    designated_by: str
    designated_at: datetime = Field(sa_type=DateTime(timezone=True))


def must_be_in_scope(scope: Scope) -> None:
    """Refuse what the hub does not carry (NĐ 09/2019 Điều 1.2)."""
    if scope is not Scope.ADMINISTRATIVE:
        raise RegimeOutOfScope(scope=scope)
