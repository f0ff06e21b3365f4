"""The table of parts: what runs in a hub, in which order, and how each shows that it is ready."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import kafka, keys, postgres
from deploy.local.forked import Wanted
from deploy.local.layout import (
    ORDERS,
    RECEIVER,
    REPLICATED,
    ROOT,
    SERVICES,
    WEB,
    Hub,
    package_of,
    prefix_of,
)
from deploy.local.processes import Account, account_for_servers
from deploy.local.readiness import Probe, answers, opens, succeeds

NICENESS = {"submissions": 4, "notifications": 3}
"""Who yields where the processor is short: what connector-gateway has acknowledged waits safely in
the broker, but an order to suspend and a push wait for an answer."""


@dataclass(frozen=True)
class Part:
    """A process of the hub.

    ``needs`` names the parts that are ready before it starts and that outlive it at the end.
    A part that runs ``once`` is ready when it ended with 0. A part that is ``held`` starts before
    its needs are ready and begins its work when its input is closed. A part that is ``forked`` is
    a copy of the process that has imported all services (``deploy/local/forked.py``).
    """

    name: str
    command: list[str]
    needs: tuple[str, ...] = ()
    port: int | None = None
    ready: Probe | None = None
    once: bool = False
    held: bool = False
    forked: bool = False
    prepare: Callable[[], None] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = ROOT
    account: Account | None = None
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    niceness: int = 0
    grace: float = 2.0
    """Seconds to stop in before it is killed; along the longest chain they add up to < 10."""

    def as_copy(self, env: Mapping[str, str], logs: Path) -> Wanted:
        """Return what a ``forked`` part becomes, in ``env``."""
        return Wanted(
            *(self.name, self.command, env, self.cwd, logs),
            orphaned=self.orphaned,
            niceness=self.niceness,
        )


def parts_of(hub: Hub) -> tuple[Part, ...]:
    """Return all parts of ``hub`` in the order in which they start."""
    postgres_home = hub.data / "postgres"
    postgres_data = postgres.data_folder(postgres_home)
    kafka_data = hub.data / "kafka"
    port = hub.port_of
    numbers = range(2, hub.replicas + 1)
    more = [_name_of(REPLICATED, number) for number in numbers]
    return (
        Part(
            "postgres",
            postgres.command(postgres_data, port("postgres")),
            port=port("postgres"),
            ready=succeeds(postgres.is_ready(port("postgres"))),
            prepare=lambda: postgres.initialise(
                postgres_home, keys.password(hub, "database-superuser")
            ),
            env=postgres.environment(),
            cwd=postgres_data,
            account=account_for_servers(),
            stop=postgres.STOP_SIGNAL,
            orphaned=postgres.KILL_SIGNAL,
            grace=3.0,
        ),
        Part(
            "kafka",
            kafka.command(),
            port=port("kafka"),
            ready=opens(port("kafka")),
            prepare=lambda: kafka.initialise(
                kafka_data, port=port("kafka"), controller=port("kafka-controller")
            ),
            env=kafka.environment(),
            cwd=kafka_data,
            grace=3.0,
        ),
        Part(
            "smtp",
            _python(
                *("aiosmtpd", "-n", "-u", "-l", f"127.0.0.1:{port('smtp')}"),
                *("-c", "aiosmtpd.handlers.Mailbox", str(hub.mail)),
            ),
            port=port("smtp"),
            ready=opens(port("smtp")),
        ),
        Part(
            "prepare",
            _python("deploy.local.prepare", "--held"),
            needs=("postgres", "kafka"),
            once=True,
            held=True,
            grace=0.5,
        ),
        *(_service(hub, name) for name in WEB),
        *(_service(hub, REPLICATED, number) for number in numbers),
        _orders(hub),
        Part(
            "gateway",
            [str(Path(sys.executable).parent / "caddy"), "run", "--config", "Caddyfile"],
            needs=(*WEB, *more, ORDERS),
            port=port("gateway"),
            ready=opens(port("gateway")),
            env=_gateway_environment(hub),
            cwd=ROOT / "deploy" / "gateway",
        ),
    )


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _name_of(service: str, number: int) -> str:
    return service if number == 1 else f"{service}-{number}"


def _service(hub: Hub, name: str, number: int = 1) -> Part:
    env = service_environment(hub, name, number)
    return _copy(_name_of(name, number), name, hub.port_of(name, number), env)


def _orders(hub: Hub) -> Part:
    prefix = prefix_of(REPLICATED)
    env = {
        **service_environment(hub, REPLICATED),
        f"{prefix}_ROLE": "api",
        f"{prefix}_REHEARSES_ORDERS": "true",
        f"{prefix}_TRACES_FILE": str(hub.traces / f"{ORDERS}.jsonl"),
    }
    return _copy(ORDERS, REPLICATED, hub.port_of(ORDERS), env)


def _copy(part: str, service: str, port: int, env: Mapping[str, str]) -> Part:
    options = ["--host=127.0.0.1", f"--port={port}", "--no-access-log", "--factory"]
    options += ["--timeout-graceful-shutdown=3", "--forwarded-allow-ips=127.0.0.1"]
    return Part(
        part,
        _python("uvicorn", f"{package_of(service)}.main:app", *options),
        needs=("prepare", "smtp"),
        forked=True,
        niceness=NICENESS.get(service, 0),
        port=port,
        ready=answers(port, "/readyz"),
        env=env,
        grace=3.5,
    )


def service_environment(hub: Hub, name: str, number: int = 1) -> dict[str, str]:
    """Return the settings of a service; it gets others from the environment of ``up``."""
    settings = {
        "ORIGIN": hub.origin,
        "TRACES_FILE": str(hub.traces / f"{_name_of(name, number)}.jsonl"),
        **_own_settings(hub, name),
    }
    if name in SERVICES:
        settings["DATABASE_URL"] = keys.database_url(hub, name)
        settings["KAFKA_BOOTSTRAP"] = hub.kafka_bootstrap
        # Static membership: a part that was killed takes its partitions up again at once.
        settings["KAFKA_INSTANCE_ID"] = f"{name}-{number}"
    return {f"{prefix_of(name)}_{key}": value for key, value in settings.items()}


def _own_settings(hub: Hub, name: str) -> dict[str, str]:
    """Return what a service is told beyond what all are told."""
    match name:
        case "accounts":
            return {
                "SIGNING_KEY_FILE": str(keys.signing_key(hub, name)),
                "BOOTSTRAP_PASSWORD": keys.password(hub, "bootstrap"),
            }
        case "connector-gateway":
            return {
                "SIGNING_KEY_FILE": str(keys.signing_key(hub, name)),
                "ALLOWED_PRIVATE_TARGETS": f"127.0.0.1:{hub.port + RECEIVER}",
                "SUBMISSIONS_URL": f"http://127.0.0.1:{hub.port_of('submissions')}",
            }
        case "notifications":
            return {
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(hub.port_of("smtp")),
                "READER_URL": hub.origin,
            }
        case "portal":
            return {"SECRET": keys.password(hub, "portal-secret")}
        case _:
            return {}


def _gateway_environment(hub: Hub) -> dict[str, str]:
    data = str(hub.data / "caddy")
    return {
        "GATEWAY_ADDRESS": f"http://:{hub.port}",
        "GATEWAY_BIND": "127.0.0.1 ::1" if os.path.exists("/proc/net/if_inet6") else "127.0.0.1",
        "GATEWAY_ADMIN": f"127.0.0.1:{hub.port_of('gateway-admin')}",
        **{
            f"{prefix_of(name)}_UPSTREAM": f"127.0.0.1:{hub.port_of(name)}"
            for name in (*WEB, ORDERS)
        },
        f"{prefix_of(REPLICATED)}_UPSTREAM": " ".join(
            f"127.0.0.1:{hub.port_of(REPLICATED, number + 1)}" for number in range(hub.replicas)
        ),
        "GATEWAY_PAGES": str(ROOT / "deploy" / "gateway" / "pages"),
        "GATEWAY_DECLARATIONS": str(hub.declarations),
        "XDG_DATA_HOME": data,
        "XDG_CONFIG_HOME": data,
    }
