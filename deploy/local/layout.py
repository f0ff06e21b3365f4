"""Where everything of one hub stands: its home on disk and the ports that follow from one."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project."""
CACHE = ROOT / ".cache"

PORTS: dict[str, int] = {
    "gateway": 0,
    "accounts": 1,
    "catalog": 2,
    "submissions": 3,
    "notifications": 4,
    "connector-gateway": 5,
    "portal": 6,
    "postgres": 7,
    "kafka": 8,
    "kafka-controller": 9,
    "smtp": 10,
    "gateway-admin": 11,
    "connector-gateway-orders": 12,
}
"""Every port of a hub, counted from the port of its gateway."""
RECEIVER = 13
"""The port, counted likewise, where a webhook receiver on this machine may listen."""
MORE = 14
"""The port, counted likewise, of the second process of ``REPLICATED``; that of a third follows."""
REPLICATED = "connector-gateway"
"""The service of which a hub may run several processes; they share its work."""

SERVICES: tuple[str, ...] = (
    "accounts",
    "catalog",
    "submissions",
    "notifications",
    "connector-gateway",
)
"""The services that own a database and talk on Kafka; the portal has neither."""
WEB = (*SERVICES, "portal")
"""What stands behind the gateway, each in one process or more."""
ORDERS = "connector-gateway-orders"
"""The process of connector-gateway that takes orders to suspend and to lift, and nothing else
(decisions/0022)."""

NUMBERS = {"HUB_PORT": 8080, "HUB_REPLICAS": 1}


def package_of(service: str) -> str:
    """Return the Python package of a service; it is also its database and its role."""
    return service.replace("-", "_")


def prefix_of(service: str) -> str:
    """Return what the settings of a service begin with: ``CONNECTOR_GATEWAY``."""
    return package_of(service).upper()


@dataclass(frozen=True)
class Hub:
    """One hub: two with different homes and ports run side by side.

    >>> Hub(Path(".hub"), 8080).port_of("postgres")
    8087
    """

    home: Path
    port: int
    replicas: int = 1
    """Processes of ``REPLICATED``."""

    def port_of(self, part: str, number: int = 1) -> int:
        """Return the port on which ``part`` listens, or the process of it that has ``number``."""
        return self.port + (PORTS[part] if number == 1 else MORE + number - 2)

    @property
    def ports(self) -> list[tuple[str, int]]:
        """Return every port of the hub with the part that listens there."""
        more = [(REPLICATED, self.port_of(REPLICATED, n)) for n in range(2, self.replicas + 1)]
        return [*((name, self.port_of(name)) for name in PORTS), *more]

    @property
    def origin(self) -> str:
        """What people and systems see."""
        return f"http://localhost:{self.port}"

    @property
    def kafka_bootstrap(self) -> str:
        """Where clients find the broker."""
        return f"127.0.0.1:{self.port_of('kafka')}"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, made once, readable by the owner only."""
        return self.home / "secrets"

    @property
    def data(self) -> Path:
        """What the servers keep."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        """One log a part."""
        return self.home / "logs"

    @property
    def declarations(self) -> Path:
        """The declaration of force majeure that stands, as the gateway shows it, and past ones."""
        return self.home / "declarations"

    @property
    def run(self) -> Path:
        """What the supervisor notes about itself while it runs."""
        return self.home / "run"

    @property
    def traces(self) -> Path:
        """One file of finished spans a service."""
        return self.home / "traces"

    @property
    def mail(self) -> Path:
        """The Maildir of the local mail server."""
        return self.home / "mail"

    def make_folders(self) -> None:
        """Make the folders of the home; only the owner may look into them."""
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.secrets, self.logs, self.run, self.traces, self.declarations):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        self.data.mkdir(exist_ok=True)
        for folder in (self.home, self.data):
            folder.chmod(0o711)  # PostgreSQL's own account walks through to its folder

    def database_url(self, service: str, *, user: str, password: str) -> str:
        """Return where ``service``'s database is, for ``user``."""
        port = self.port_of("postgres")
        return f"postgresql://{user}:{password}@127.0.0.1:{port}/{package_of(service)}"


def hub_from_environment() -> Hub:
    """Read ``HUB_HOME`` (default ``.hub``), ``HUB_PORT`` (8080) and ``HUB_REPLICAS`` (1)."""
    home = Path(os.environ.get("HUB_HOME") or ROOT / ".hub")
    port, replicas = (int(os.environ.get(name) or usual) for name, usual in NUMBERS.items())
    return Hub(home.expanduser().resolve(), port, replicas)
