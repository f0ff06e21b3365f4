"""Sessions: begun with a password, renewed with a refresh token that serves once."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from accounts.domain import Table
from accounts.domain.accounts import Account
from accounts.domain.norms import norms_on
from contracts.calendar import ZONE

ACCESS = timedelta(minutes=5)
"""How long an access token is good; so old may the last sign of life be before idleness counts."""


class Session(Table, table=True):
    """A session of an account; its refresh token is kept hashed."""

    __tablename__ = "sessions"

    id: UUID = Field(primary_key=True)
    account_id: UUID
    refresh_hash: str
    started_at: datetime = Field(sa_type=DateTime(timezone=True))
    used_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    def is_over(self, account: Account, now: datetime) -> bool:
        """Say whether the session has ended: by act, by idleness, by age, with its account."""
        norms = norms_on(now.astimezone(ZONE).date())
        idle = norms.administrator_idle_minutes if account.is_administrator else norms.idle_minutes
        return (
            self.ended_at is not None
            or account.locked_at is not None
            or now >= self.used_at + ACCESS + timedelta(minutes=idle)
            or now >= self.started_at + timedelta(hours=norms.session_hours)
        )

    def renew(self, refresh_hash: str, *, now: datetime) -> None:
        """Exchange the refresh token for the next one."""
        self.refresh_hash = refresh_hash
        self.used_at = now


class SpentRefreshToken(Table, table=True):
    """A refresh token that has served; whoever shows it again has stolen it or was robbed."""

    __tablename__ = "spent_refresh_tokens"

    refresh_hash: str = Field(primary_key=True)
    session_id: UUID


class Failures(Table, table=True):
    """Failed sign-ins under one user name, whether or not an account has it.

    Counted by the hash of the name: people type passwords into the wrong field.
    """

    __tablename__ = "failures"

    name_hash: str = Field(primary_key=True)
    times: int = 0
    failed_at: datetime = Field(sa_type=DateTime(timezone=True))

    def wait(self, now: datetime) -> int:
        """Return the seconds before the next try: doubling with each failure beyond the free ones.

        >>> Failures(name_hash="", times=6, failed_at=now).wait(now)
        4
        """
        norms = norms_on(now.astimezone(ZONE).date())
        if self.times < norms.free_sign_ins:
            return 0
        doublings = min(20, self.times - norms.free_sign_ins + 1)
        delay = min(norms.longest_delay_seconds, 2**doublings)
        left = (self.failed_at + timedelta(seconds=delay) - now).total_seconds()
        return max(0, -int(-left // 1))

    def count(self, now: datetime) -> None:
        """Count one more failure; a day without any forgets those before."""
        self.times = self.times + 1 if now - self.failed_at < timedelta(days=1) else 1
        self.failed_at = now


def hash_of(token: str) -> str:
    """Return the SHA-256 under which a 256-bit random token, or a user name, is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
