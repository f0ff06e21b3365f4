"""Accounts (tài khoản): held by a person of one agency, with roles and a password (Điều 2)."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from accounts.domain import Table
from accounts.errors import AccountAlreadyLocked
from contracts.accounts.v1 import Role
from contracts.calendar import ZONE

PASSWORD_MONTHS = 6
"""A password is changed at least every six calendar months (Điều 4.4)."""
ADMINISTRATOR_MONTHS = 2
"""Administrators sooner: security norm of level 3 (S)."""
FREE_TRIES = 5
LONGEST_DELAY = 900


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
    failed_logins: int = 0
    failed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    @property
    def is_administrator(self) -> bool:
        """Say whether the account has full rights (Điều 2.3)."""
        return Role.ADMINISTRATOR in self.roles

    def must_change_password(self, now: datetime) -> bool:
        """Say whether sign-in leads only to the page where the password changes (Điều 4.4)."""
        months = ADMINISTRATOR_MONTHS if self.is_administrator else PASSWORD_MONTHS
        return self.is_initial_password or now >= months_after(self.password_changed_at, months)

    def wait_before_next_try(self, now: datetime) -> int:
        """Return how many seconds the next sign-in has to wait: doubling from the sixth try on."""
        if self.failed_at is None or self.failed_logins < FREE_TRIES:
            return 0
        delay = min(LONGEST_DELAY, 2 ** min(10, self.failed_logins - FREE_TRIES + 1))
        left = self.failed_at + timedelta(seconds=delay) - now
        return max(0, -int(-left.total_seconds() // 1))

    def note_failure(self, now: datetime) -> None:
        """Count a failed sign-in."""
        self.failed_logins += 1
        self.failed_at = now

    def note_success(self) -> None:
        """Forget the failures before a successful sign-in."""
        self.failed_logins = 0
        self.failed_at = None

    def change_password(self, password_hash: str, *, now: datetime) -> None:
        """Take a password that the holder chose."""
        self.password_hash = password_hash
        self.password_changed_at = now
        self.is_initial_password = False

    def lock(self, reason: str, *, now: datetime) -> None:
        """Lock for good (Điều 4.2); refuses one that is locked."""
        if self.locked_at is not None:
            raise AccountAlreadyLocked
        self.locked_at = now
        self.lock_reason = reason


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
