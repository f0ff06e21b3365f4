"""The menu of pulls: which connector asks which kind of system (Điều 3.5).

A connector is an async iterator of steps, each from a source and its checkpoint. It takes nothing
itself: whoever walks along commits a step before asking for the next.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Set

from connector_gateway.commands.keys import SigningKey
from connector_gateway.commands.sealing import unseal
from connector_gateway.connectors import http, sftp
from connector_gateway.domain.pulls import Turn
from connector_gateway.domain.sources import PullKind, Source, Step

Connector = Callable[[Source], AsyncGenerator[Step]]
MENU: Mapping[PullKind, Connector] = {PullKind.HTTP: http.steps, PullKind.SFTP: sftp.steps}


def source_of(
    turn: Turn, key: SigningKey, *, permitted: Set[str], is_trial: bool = False
) -> Source:
    """Return what a connector needs for a turn; raises ``PullCredentialLost``."""
    sealed = turn.sealed
    return Source(
        settings=turn.settings,
        permitted=permitted,
        credential=unseal(key, sealed, turn.connection_id) if sealed else {},
        checkpoint=turn.checkpoint,
        is_trial=is_trial,
    )
