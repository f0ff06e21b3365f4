"""Sessions: begun with a password, renewed with a refresh token that serves once."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field

from accounts.domain import Table

IDLE = timedelta(minutes=15)
"""A session that is not used ends after 15 minutes (security norm of level 3, S) …"""
IDLE_ADMINISTRATOR = timedelta(minutes=5)
"""… that of an administrator after 5."""
ABSOLUTE = timedelta(hours=12)
ACCESS = timedelta(minutes=5)
"""How long an access token is good."""


class Session(Table, table=True):
    """A session of an account; its refresh token is kept hashed."""

    __tablename__ = "sessions"

    id: UUID = Field(primary_key=True)
    account_id: UUID
    refresh_hash: str
    started_at: datetime = Field(sa_type=DateTime(timezone=True))
    used_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

    def is_over(self, now: datetime, *, idle: timedelta) -> bool:
        """Say whether the session has ended: by act, by idleness, by age."""
        return (
            self.ended_at is not None
            or now >= self.used_at + ACCESS + idle
            or now >= self.started_at + ABSOLUTE
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


def hash_of(token: str) -> str:
    """Return the SHA-256 under which a 256-bit random token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
