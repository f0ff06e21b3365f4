"""Every topic of the hub: who owns it, how it is cut, how long it keeps, who reads it.

The one place where a topic name is written. ``deploy`` makes the topics of the broker from
this registry, ``asyncapi.yaml`` is rendered from it, and a test holds live brokers to it.
"""

from dataclasses import dataclass
from typing import Literal

DAY_MS = 24 * 3600 * 1000
MEBIBYTE = 1 << 20

Service = Literal[
    "accounts", "catalog", "submissions", "notifications", "connector-gateway", "portal"
]
ALL: tuple[Service, ...] = (
    "accounts",
    "catalog",
    "submissions",
    "notifications",
    "connector-gateway",
    "portal",
)


@dataclass(frozen=True)
class Topic:
    """A topic: ``retention_ms`` of -1 keeps for ever; ``cleanup`` is Kafka's ``cleanup.policy``."""

    name: str
    owner: Service
    key: str
    """What orders it, in words."""
    readers: tuple[Service, ...]
    partitions: int = 4
    retention_ms: int = 30 * DAY_MS
    cleanup: Literal["delete", "compact"] = "delete"
    max_message_bytes: int = MEBIBYTE
    said_by: tuple[Service, ...] = ()
    """Who sends on it where that is not the owner: commands come from those who ask."""
    is_open: bool = False
    """Whether a system of the province beside the hub may be let in to read it (decisions/0019):
    facts only, no person, no free text of people, no secret, nothing of one connection."""

    @property
    def senders(self) -> tuple[Service, ...]:
        """Return the services that put messages on it."""
        return self.said_by or (self.owner,)


AGENCIES = Topic(
    "accounts.agencies.v1",
    owner="accounts",
    key="statistics code of the agency",
    readers=("catalog", "submissions", "notifications", "connector-gateway"),
    partitions=1,
    retention_ms=-1,
    cleanup="compact",
    is_open=True,
)
ACCOUNTS = Topic(
    "accounts.accounts.v1",
    owner="accounts",
    key="account id",
    readers=("notifications", "connector-gateway"),
    retention_ms=-1,
)
SESSIONS = Topic(
    "accounts.sessions.v1",
    owner="accounts",
    key="session id",
    readers=("accounts", "catalog", "submissions", "notifications", "connector-gateway"),
    partitions=1,
)
ACCOUNT_KEYS = Topic(
    "accounts.keys.v1",
    owner="accounts",
    key="issuer",
    readers=("accounts", "catalog", "submissions", "notifications", "connector-gateway"),
    partitions=1,
    retention_ms=-1,
    cleanup="compact",
)
REGIMES = Topic(
    "catalog.regimes.v1",
    owner="catalog",
    key="regime code",
    readers=("submissions", "notifications", "connector-gateway"),
    partitions=1,
    retention_ms=-1,
    is_open=True,
)
CALENDARS = Topic(
    "catalog.calendars.v1",
    owner="catalog",
    key="year",
    readers=("accounts", "submissions", "notifications", "connector-gateway"),
    partitions=1,
    retention_ms=-1,
    cleanup="compact",
    is_open=True,
)
REPORTS = Topic(
    "submissions.reports.v1",
    owner="submissions",
    key="report id",
    readers=("notifications", "connector-gateway"),
)
CONSOLIDATIONS = Topic(
    "submissions.consolidations.v1",
    owner="submissions",
    key="consolidation id",
    readers=("notifications", "connector-gateway"),
    max_message_bytes=8 * MEBIBYTE,
    is_open=True,
)
OUTCOMES = Topic(
    "submissions.outcomes.v1",
    owner="submissions",
    key="connection code",
    readers=("connector-gateway",),
    max_message_bytes=8 * MEBIBYTE,
)
NOTICES = Topic(
    "notifications.notices.v1",
    owner="notifications",
    key="notice id",
    readers=("connector-gateway",),
    partitions=1,
    is_open=True,
)
NOTIFICATION_COMMANDS = Topic(
    "notifications.commands.v1",
    owner="notifications",
    key="notice id",
    readers=("notifications",),
    partitions=1,
    said_by=("connector-gateway",),
)
DELIVERIES = Topic(
    "connector-gateway.deliveries.v1",
    owner="connector-gateway",
    key="connection code",
    readers=("submissions",),
    partitions=8,
    retention_ms=7 * DAY_MS,
    max_message_bytes=6 * MEBIBYTE,
)
CODE_MAPS = Topic(
    "connector-gateway.code-maps.v1",
    owner="connector-gateway",
    key="connection code",
    readers=("submissions",),
    partitions=1,
    retention_ms=-1,
    max_message_bytes=4 * MEBIBYTE,
)
CONNECTIONS = Topic(
    "connector-gateway.connections.v1",
    owner="connector-gateway",
    key="connection code",
    readers=("notifications", "connector-gateway"),
)
DISPATCHES = Topic(
    "connector-gateway.dispatches.v1",
    owner="connector-gateway",
    key="consolidation id",
    readers=("submissions",),
)
LEDGER_ROOTS = Topic(
    "connector-gateway.ledger-roots.v1",
    owner="connector-gateway",
    key="day",
    readers=("notifications",),
    partitions=1,
    retention_ms=-1,
    is_open=True,
)
CONNECTION_KEYS = Topic(
    "connector-gateway.keys.v1",
    owner="connector-gateway",
    key="issuer",
    readers=("accounts", "catalog", "submissions", "notifications", "connector-gateway"),
    partitions=1,
    retention_ms=-1,
    cleanup="compact",
)


def dead_letters_of(reader: Service) -> Topic:
    """Return the topic where ``reader`` lays what it had to refuse, with reason and origin."""
    return Topic(
        f"{reader}.dead-letters.v1",
        owner=reader,
        key="key of the refused message",
        readers=(reader,),
        partitions=1,
        retention_ms=-1,
        max_message_bytes=8 * MEBIBYTE,
    )


TOPICS: tuple[Topic, ...] = (
    AGENCIES,
    ACCOUNTS,
    SESSIONS,
    ACCOUNT_KEYS,
    REGIMES,
    CALENDARS,
    REPORTS,
    CONSOLIDATIONS,
    OUTCOMES,
    NOTICES,
    NOTIFICATION_COMMANDS,
    DELIVERIES,
    CODE_MAPS,
    CONNECTIONS,
    DISPATCHES,
    LEDGER_ROOTS,
    CONNECTION_KEYS,
    *(dead_letters_of(reader) for reader in ALL if reader != "portal"),
)
"""Every topic that a broker of the hub carries."""
