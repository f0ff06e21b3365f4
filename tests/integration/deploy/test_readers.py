"""Who may read the topics from outside: the broker as compose starts it, with the readers' door.

The container's own program makes the broker's settings from the environment of the compose files;
nothing but ports, folders and the name of the machine is exchanged.
"""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis.clock import now
from contracts.topics import REGIMES, TOPICS
from deploy.kafka import readers
from deploy.kafka.readers import Reader
from deploy.kafka.topics import make_topics
from deploy.local import kafka
from deploy.local.layout import ROOT
from deploy.local.processes import dies_with_parent
from deploy.local.readiness import opens
from tests.support.keeper import LIMIT, free_ports
from tests.support.waiting import until

FILES = ("compose.yaml", "compose.readers.yaml")
WAREHOUSE = Reader("kho-du-lieu")
OPEN = {topic.name for topic in TOPICS if topic.is_open}
REGIMES_0 = TopicPartition(REGIMES.name, 0)


@dataclass(frozen=True)
class Door:
    """A broker with two listeners: the services' and the readers'."""

    inside: str
    outside: str
    trust: ssl.SSLContext

    def as_reader(self, password: str, reader: Reader = WAREHOUSE) -> dict[str, Any]:
        """Return the settings of a client that comes from outside."""
        return {
            "bootstrap_servers": self.outside,
            "security_protocol": "SASL_SSL",
            "ssl_context": self.trust,
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": reader.user,
            "sasl_plain_password": password,
        }

    async def say(self, topic: str, value: bytes) -> None:
        """Put one record on a topic, as a service does."""
        producer = AIOKafkaProducer(bootstrap_servers=self.inside)
        await producer.start()
        await producer.send_and_wait(topic, value)
        await producer.stop()


def a_certificate(folder: Path) -> ssl.SSLContext:
    """Write a key with its certificate for localhost; return what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8
    said = certificate.public_bytes(pem)
    (folder / "readers.pem").write_bytes(
        key.private_bytes(pem, private, serialization.NoEncryption()) + said
    )
    return ssl.create_default_context(cadata=said.decode())


def environment_of_compose(folder: Path, port: int) -> dict[str, str]:
    """Return what compose tells the container, for this machine."""
    told: dict[str, str] = {}
    for name in FILES:
        service = yaml.safe_load((ROOT / "deploy" / name).read_text())["services"]["kafka"]
        told |= service["environment"]
    exchanged = {
        "kafka:": "localhost:",
        "${READERS_HOST:?}": "localhost",
        "/var/lib/kafka/data": str(folder / "log"),
        "/run/secrets/kafka-readers": str(folder / "readers.pem"),
        "300000": "2000",
        **{str(9092 + n): str(port + n) for n in range(3)},
    }
    for old, new in exchanged.items():
        told = {name: value.replace(old, new) for name, value in told.items()}
    return {**told, "CLUSTER_ID": kafka.CLUSTER_ID}


def started(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the broker as the container would."""
    for name in ("default", "mounted", "final"):
        (folder / name).mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folder / "default" / name).touch()
    folders = [f"--{name}-configs-dir={folder / name}" for name in ("default", "mounted", "final")]
    subprocess.run(
        kafka.java("kafka.docker.KafkaDockerWrapper", "setup", *folders),
        env=kafka.environment() | environment_of_compose(folder, port),
        check=True,
        capture_output=True,
    )
    return subprocess.Popen(
        kafka.java("kafka.Kafka", str(folder / "final" / "server.properties")),
        env=kafka.environment(),
        stdout=subprocess.DEVNULL,
        preexec_fn=dies_with_parent(kafka.KILL_SIGNAL),
    )


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """Give the broker with every topic of the registry."""
    folder, port = tmp_path_factory.mktemp("door"), free_ports(3)
    trust = a_certificate(folder)
    broker = await asyncio.to_thread(started, folder, port)
    try:
        await until(opens(port), limit=LIMIT)
        await make_topics(f"localhost:{port}", replicas=1)
        yield Door(f"localhost:{port}", f"localhost:{port + 2}", trust)
    finally:
        broker.kill()
        broker.wait()


@asynccontextmanager
async def reading(door: Door, password: str, **settings: Any) -> AsyncIterator[Any]:
    """Read the regimes from the beginning, as the warehouse."""
    own = {"auto_offset_reset": "earliest", "enable_auto_commit": False, **settings}
    consumer = AIOKafkaConsumer(**door.as_reader(password), **own)
    try:
        await consumer.start()
        consumer.assign([REGIMES_0])
        yield consumer
    finally:
        # aiokafka lets the cancelling of its own fetch, about to be tried again, out of its stop.
        with suppress(asyncio.CancelledError):
            await consumer.stop()


async def lets_in(door: Door, password: str) -> bool:
    """Say whether the broker lets a password in and shows exactly the open topics to it."""
    try:
        async with reading(door, password) as consumer:
            seen: set[str] = await consumer.topics()
    except KafkaConnectionError:
        return False
    return seen == OPEN


async def let_in(door: Door) -> str:
    """Grant the warehouse and return its password, once it counts."""
    password = await readers.grant(door.inside, WAREHOUSE)

    async def counts() -> bool:
        return await lets_in(door, password)

    await until(counts)
    return password


async def test_a_reader_sees_the_open_topics_and_no_other(door: Door) -> None:
    await let_in(door)
    assert await readers.granted(door.inside) == {WAREHOUSE.user: sorted(OPEN)}


@pytest.mark.parametrize("group", [WAREHOUSE.user, f"{WAREHOUSE.user}.tong-hop"])
async def test_a_reader_reads_and_keeps_its_place_in_a_group_of_its_own(
    door: Door, group: str
) -> None:
    await door.say(REGIMES.name, b"mot")
    async with reading(door, await let_in(door), group_id=group) as consumer:
        assert (await asyncio.wait_for(consumer.getone(), 20)).value == b"mot"
        await consumer.commit()
        assert await consumer.committed(REGIMES_0) == 1


@pytest.mark.parametrize("group", ["submissions", "reader.khac", f"{WAREHOUSE.user}-2"])
async def test_a_reader_touches_no_group_of_another(door: Door, group: str) -> None:
    async with reading(door, await let_in(door), group_id=group) as consumer:
        with pytest.raises(GroupAuthorizationFailedError):
            await consumer.commit({REGIMES_0: 0})


async def test_a_reader_writes_nothing_makes_nothing_and_removes_nothing(door: Door) -> None:
    password = await let_in(door)
    producer = AIOKafkaProducer(**door.as_reader(password))
    await producer.start()
    with pytest.raises(TopicAuthorizationFailedError):
        await producer.send_and_wait(REGIMES.name, b"gia")
    await producer.stop()
    admin = AIOKafkaAdminClient(**door.as_reader(password))
    await admin.start()
    made = await admin.create_topics([NewTopic("cua-toi", 1, 1)])
    gone = await admin.delete_topics([REGIMES.name])
    await admin._client.close()
    refusals = [for_code(code) for _, code, *_ in made.topic_errors + gone.topic_error_codes]
    assert refusals == [TopicAuthorizationFailedError] * 2


async def test_what_is_taken_away_ends_also_for_who_is_connected(door: Door) -> None:
    password = await let_in(door)
    async with reading(door, password) as consumer:

        async def is_refused() -> bool:
            try:
                await consumer.getmany(timeout_ms=100)
            except TopicAuthorizationFailedError:
                return True
            return False

        assert not await is_refused()
        assert await readers.revoke(door.inside, WAREHOUSE) == len(OPEN) + 2
        await until(is_refused)
    assert not await lets_in(door, password)
    assert await readers.granted(door.inside) == {}
    assert await readers.revoke(door.inside, WAREHOUSE) == 0


async def test_a_new_password_ends_the_old_one_also_for_who_is_connected(door: Door) -> None:
    old = await let_in(door)
    async with reading(door, old) as consumer:
        await consumer.topics()
        assert old != await let_in(door)

        async def is_shut_out() -> bool:
            try:
                await consumer._client.fetch_all_metadata()
            except KafkaError:
                return True
            return False

        await until(is_shut_out)
    assert not await lets_in(door, old)


@pytest.mark.parametrize("name", ["", "Kho", "kho.du", "kho-", "kho_du", "*"])
def test_a_name_that_could_reach_into_another_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="single hyphens"):
        Reader(name)
