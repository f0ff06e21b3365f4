"""Reads of code maps: one version, or the newest, of a connection."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from connector_gateway.domain.code_maps import CodeMap
from connector_gateway.domain.connections import Connection
from connector_gateway.queries import LocalMoment, View


class CodeMapView(View):
    """A version of a code map: their codes → ours; rows and columns below our regime code."""

    connection: str
    version: int
    regimes: dict[str, str]
    agencies: dict[str, str]
    rows: dict[str, dict[str, str]]
    columns: dict[str, dict[str, str]]
    published_by: str
    published_at: LocalMoment


async def code_map(
    session: AsyncSession, connection: str, version: int | None = None
) -> CodeMap | None:
    """Return a version of the map of a connection, the newest unless one is named."""
    found = (
        select(CodeMap)
        .join(Connection, col(Connection.id) == CodeMap.connection_id)
        .where(Connection.code == connection)
        .order_by(col(CodeMap.version).desc())
        .limit(1)
    )
    if version is not None:
        found = found.where(CodeMap.version == version)
    return (await session.exec(found)).first()
