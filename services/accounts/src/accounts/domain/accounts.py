"""Accounts (tài khoản): held by a person of one agency, with roles and a password (Điều 2)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from accounts.domain import Table
from accounts.domain.norms import norms_on
from accounts.errors import AccountAlreadyLocked
from contracts.accounts.v1 import Role
from contracts.calendar import ZONE

PASSWORD_MONTHS = 6
"""A password is changed at least every six calendar months (Điều 4.4)."""


class Account(Table, table=True):
    """An account, attached to one agency (Điều 2.2), issued on a written request (Điều 4.1)."""

    __tablename__ = "accounts"

    id: UUID = Field(primary_key=True)
    username: str
    display_name: str
    email: str | None = None
    agency: str
    roles: list[str] = Field(sa_type=JSONB)
    password_hash: str
    password_changed_at: datetime = Field(sa_type=DateTime(timezone=True))
    is_initial_password: bool
    written_request_id: UUID | None = None
    issued_at: datetime = Field(sa_type=DateTime(timezone=True))
    locked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    lock_reason: str | None = None
    locked_by: str | None = None
    lock_request_id: UUID | None = None
    """The written request of the lock; after an emergency it follows later (Điều 4.2)."""

    @property
    def is_administrator(self) -> bool:
        """Say whether the account has full rights (Điều 2.3)."""
        return Role.ADMINISTRATOR in self.roles

    @property
    def awaits_lock_request(self) -> bool:
        """Say whether the account was locked in an emergency and no request has followed yet."""
        return self.locked_at is not None and self.lock_request_id is None

    def is_open_with(self, password_hash: str) -> bool:
        """Say whether a check against ``password_hash`` still lets anybody in."""
        return self.locked_at is None and self.password_hash == password_hash

    def must_change_password(self, now: datetime) -> bool:
        """Say whether sign-in leads only to the page where the password changes (Điều 4.4)."""
        months = PASSWORD_MONTHS
        if self.is_administrator:
            months = norms_on(now.astimezone(ZONE).date()).administrator_password_months
        return self.is_initial_password or now >= months_after(self.password_changed_at, months)

    def rights(self, now: datetime) -> list[str]:
        """Return the roles that a session has: none until a due password has been changed."""
        return [] if self.must_change_password(now) else self.roles

    def change_password(self, password_hash: str, *, now: datetime) -> None:
        """Take a password that the holder chose."""
        self.password_hash = password_hash
        self.password_changed_at = now
        self.is_initial_password = False

    def lock(self, reason: str, *, by: str, request_id: UUID | None, now: datetime) -> None:
        """Lock for good (Điều 4.2); refuses one that is locked."""
        if self.locked_at is not None:
            raise AccountAlreadyLocked
        self.locked_at = now
        self.lock_reason = reason
        self.locked_by = by
        self.lock_request_id = request_id


def months_after(moment: datetime, months: int) -> datetime:
    """Return the moment ``months`` calendar months later, on the month's last day if shorter.

    >>> months_after(datetime(2026, 8, 31, tzinfo=ZONE), 6).date()
    datetime.date(2027, 2, 28)
    """
    local = moment.astimezone(ZONE)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return local.replace(year=year, month=month + 1)
