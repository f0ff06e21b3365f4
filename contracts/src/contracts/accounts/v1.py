"""What accounts says, version 1: agencies, accounts, sessions and public keys."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Word
from contracts.topics import ACCOUNT_KEYS, ACCOUNTS, AGENCIES, SESSIONS


class AgencyLevel(StrEnum):
    """Where an agency stands (Điều 1.2)."""

    PROVINCE = "PROVINCE"
    DEPARTMENT = "DEPARTMENT"
    DISTRICT = "DISTRICT"
    COMMUNE = "COMMUNE"
    VERTICAL = "VERTICAL"
    """Central vertical agency (ngành dọc): reports, but stands outside the provincial tree."""


class Role(StrEnum):
    """Fine roles below the two classes of Điều 2.3–2.4."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    AGENCY_HEAD = "agency_head"
    OFFICER = "officer"
    LEAD_AGENCY_REVIEWER = "lead_agency_reviewer"
    CONNECTION_OPERATOR = "connection_operator"
    AUDITOR = "auditor"


class AgencyOpened(Event, type="accounts.agency.opened.v1", topic=AGENCIES, key="code"):
    """An agency (cơ quan, đơn vị) exists from ``valid_from`` on (Điều 1.2)."""

    code: str
    """Statistics code (GSO) where there is one, else the identification code."""
    identification_code: str | None = None
    name: str
    level: AgencyLevel
    parent_code: str | None = None
    valid_from: date
    valid_to: date | None = None
    legal_basis: str | None = None


class AccountIssued(Event, type="accounts.account.issued.v1", topic=ACCOUNTS, key="account_id"):
    """An account was issued on a written request (Điều 4.1)."""

    account_id: UUID
    username: str
    display_name: str
    email: str | None = None
    agency: str
    roles: list[Role]
    issued_at: datetime


class AccountLocked(Event, type="accounts.account.locked.v1", topic=ACCOUNTS, key="account_id"):
    """An account was locked on a written request, or at once in an emergency (Điều 4.2)."""

    account_id: UUID
    reason: str
    locked_at: datetime


class SessionRevoked(Event, type="accounts.session.revoked.v1", topic=SESSIONS, key="session_id"):
    """A session ended before its time; its tokens are refused from now on."""

    session_id: UUID
    account_id: UUID
    revoked_at: datetime


class PublicKey(Word):
    """A public key as JWK members (RFC 8037, OKP Ed25519)."""

    kid: str
    kty: str = "OKP"
    crv: str = "Ed25519"
    x: str
    use: str = "sig"


class AccountKeysRotated(Event, type="accounts.keys.rotated.v1", topic=ACCOUNT_KEYS, key="issuer"):
    """The keys with which accounts signs tokens of persons; the list replaces the one before."""

    issuer: str
    keys: list[PublicKey] = Field(min_length=1)
    rotated_at: datetime
