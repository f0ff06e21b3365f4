"""What connector-gateway tells its watchers of what is held."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from prometheus_client import Gauge

from connector_gateway.domain.held import Backlog
from connector_gateway.settings import Settings
from contracts.connector_gateway.v1 import Direction

WHOSE = ["connection", "direction"]
HELD = Gauge("hub_held", "Deliveries or dispatches that wait for a decision", WHOSE)
OLDEST = Gauge("hub_held_oldest_seconds", "Age of the oldest of them", WHOSE)
SHARE = Gauge("hub_held_share", "How full the bound is: at 1 a quarantine takes no more", WHOSE)


def tell_held(
    backlogs: Mapping[tuple[str, Direction], Backlog], settings: Settings, *, now: datetime
) -> None:
    """Put what is held on the dials."""
    for (code, direction), held in backlogs.items():
        age = now - held.oldest_at if held.oldest_at else timedelta()
        HELD.labels(code, direction.value).set(held.count)
        OLDEST.labels(code, direction.value).set(age.total_seconds())
        SHARE.labels(code, direction.value).set(settings.bound_of(direction).share(held))
