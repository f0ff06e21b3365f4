"""Regimes (chế độ báo cáo): drafted, put in force on a legal basis, given to a lead agency."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from catalog.domain import Table
from catalog.errors import RegimeAlreadyInForce, RegimeNotInForce, RegimeOutOfScope
from chassis.errors import Place, PreconditionFailed
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


FACTS = (
    "name",
    "kind",
    "content_form",
    "frequency",
    "cut_off_rule",
    "due_working_days",
    "recipient",
)
"""What a draft says of a regime beside its form."""


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
    put_in_force_by: str | None = None
    revision: int = 1

    def redraft(self, other: "Regime", revision: int) -> None:
        """Take the facts of ``other`` while this is a draft that nobody else changed since."""
        if self.status != Status.DRAFT:
            raise RegimeAlreadyInForce(regime=self.code)
        if self.revision != revision:
            raise PreconditionFailed
        for name in (*FACTS, "form", "drafted_by", "drafted_at"):
            setattr(self, name, getattr(other, name))
        self.revision += 1

    def put_in_force(self, legal_basis: LegalBasis, in_force_from: date, *, by: str) -> None:
        """Put the regime in force on the decision that issues it (Điều 5.1)."""
        if Status.IN_FORCE not in ALLOWED[Status(self.status)]:
            raise RegimeAlreadyInForce(regime=self.code)
        self.status = Status.IN_FORCE
        self.put_in_force_by = by
        self.revision += 1
        self.legal_basis = legal_basis.model_dump(mode="json")
        self.in_force_from = in_force_from

    def must_be_in_force(self) -> None:
        """Refuse a step that needs the regime in force (Điều 7.1)."""
        if self.status != Status.IN_FORCE:
            raise RegimeNotInForce(regime=self.code)

    def is_same_as(self, other: "Regime") -> bool:
        """Say whether ``other`` drafts nothing new."""
        return self.form == other.form and all(
            getattr(self, name) == getattr(other, name) for name in FACTS
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
    """Refuse what the hub does not carry, with the reason (NĐ 09/2019 Điều 1.2)."""
    if scope is not Scope.ADMINISTRATIVE:
        why = f"scope-{scope.value.lower().replace('_', '-')}"
        raise RegimeOutOfScope(errors=[Place("/scope", why)])


def impossible_days(
    legal_basis: LegalBasis, in_force_from: date | None, now: datetime
) -> Iterator[Place]:
    """Yield the days of a decision that cannot be: issued tomorrow, in force before its issue."""
    if legal_basis.issued_on > now.date():
        yield Place("/legal_basis/issued_on", "day-not-come")
    elif in_force_from and in_force_from < legal_basis.issued_on:
        yield Place("/in_force_from", "in-force-before-issue")
