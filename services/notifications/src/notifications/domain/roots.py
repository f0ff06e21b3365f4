"""The signed root of a day of the exchange ledger, kept for readers of the feed."""

from datetime import date, datetime

from sqlalchemy import DateTime
from sqlmodel import Field

from contracts.connector_gateway.v1 import LedgerRootSigned
from notifications.domain import Table
from notifications.errors import RootIsPublic


class KnownLedgerRoot(Table, table=True):
    """A root as connector-gateway signed it; the database refuses to change or remove it."""

    __tablename__ = "known_ledger_roots"

    day: date = Field(primary_key=True)
    root: str
    kid: str
    signature: str
    signed_at: datetime = Field(sa_type=DateTime(timezone=True))

    def refuse_another(self, event: LedgerRootSigned) -> None:
        """Let a repeated root pass; raise ``RootIsPublic`` where the day has another one."""
        if self.root != event.root:
            raise RootIsPublic(day=self.day)
