"""What an order does to connections: what it stops, who has been told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlmodel import Field

from connector_gateway.domain import Moment, Table, words
from contracts.connector_gateway.v1 import Direction


class Stop(Table, table=True):
    """An order stopping one direction of one connection; open while ``ended_at`` is empty."""

    __tablename__ = "stops"

    suspension_id: UUID = Field(primary_key=True, foreign_key="suspensions.id")
    connection_id: UUID = Field(primary_key=True, foreign_key="connections.id")
    direction: Direction = Field(sa_column=Column(words(Direction), primary_key=True))
    began_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Acknowledgement(Table, table=True):
    """The owner of a connected system saying that it has been told (Điều 8.4)."""

    __tablename__ = "acknowledgements"

    suspension_id: UUID = Field(primary_key=True, foreign_key="suspensions.id")
    system_id: UUID = Field(primary_key=True, foreign_key="systems.id")
    acknowledged_by: str = Field(sa_type=Text)
    acknowledged_by_name: str = Field(sa_type=Text)
    acknowledged_at: datetime = Field(sa_type=Moment)
