"""Programs of others against the running service: they know the standards and nothing of this code.

An OAuth library signs in, a Standard Webhooks library checks what it gets, the SDK of CloudEvents
and the console consumer of Apache Kafka read the topics.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import jsonschema
import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import ECKey, OKPKey, RSAKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chassis.clock import now
from contracts.accounts.v1 import Role
from contracts.connector_gateway.v1 import ConnectionSuspended, DeliveryReceived
from contracts.notifications.v1 import PublishNotice
from contracts.render import FOLDER
from contracts.topics import CONNECTIONS, TOPICS
from deploy.local.kafka import environment, java
from tests.support.gateway import an_order
from tests.support.kafka import Record, records, renew_topics
from tests.support.partner import API, Partner, Received, Receiver, a_delivery, receiving
from tests.support.postgres import fresh_database
from tests.support.services import a_token, announce_key, running
from tests.support.waiting import until

OPERATOR = {"Authorization": f"Bearer {a_token(Role.CONNECTION_OPERATOR)}"}
CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
Key = OKPKey | ECKey | RSAKey


@dataclass(frozen=True)
class Outside:
    """The service as others reach it, over HTTP and on Kafka."""

    client: httpx.AsyncClient
    receiver: Receiver
    bootstrap: str

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask as an operator of connections."""
        answer = await self.client.request(method, f"{API}{path}", json=body, headers=OPERATOR)
        assert answer.is_success, answer.text
        return answer.json()

    async def open(self, code: str, key: Key, **terms: Any) -> None:
        """Open a connection for whoever holds ``key``."""
        system = {"code": code, "name": "Bộ", "owner_agency": "H01", "owner_email": "a@bo.vn"}
        await self.ask("POST", "/systems", system)
        jwk = key.as_dict(private=False)
        common = {"code": code, "name": "Kết nối", "system": code, "directions": ["inbound"]}
        await self.ask("POST", "/connections", common | {"public_jwk": jwk} | terms)

    async def metadata(self) -> dict[str, Any]:
        """Return what a library discovers (RFC 8414)."""
        found: dict[str, Any] = (
            await self.client.get("/.well-known/oauth-authorization-server")
        ).json()
        return found


@pytest.fixture(scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    """Give the service as a process of its own, on the broker of the run."""
    bootstrap = await renew_topics()
    await announce_key()
    async with receiving() as receiver:
        with fresh_database("connector-gateway") as url:
            folder = tmp_path_factory.mktemp("outside")
            async with (
                running(
                    *("connector-gateway", url, bootstrap, folder),
                    ALLOWED_PRIVATE_TARGETS=receiver.target,
                ) as live,
                httpx.AsyncClient(base_url=live.url, timeout=15) as client,
            ):
                yield Outside(client, receiver, bootstrap)


class ForAMinute(PrivateKeyJWT):
    """The library's own way to sign in, told that an assertion lives 60 s here."""

    def sign(self, auth: Any, token_endpoint: str) -> str:
        """Return an assertion for a minute."""
        assertion: str = private_key_jwt_sign(
            auth.client_secret, auth.client_id, token_endpoint, alg=self.alg, expires_in=60
        )
        return assertion


async def library_of(
    hub: Outside, code: str, key: Key, way: type[PrivateKeyJWT], alg: str
) -> OAuth2Session:
    """Return the client of an OAuth library that has discovered how to sign in."""
    metadata = await hub.metadata()
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert alg in metadata["token_endpoint_auth_signing_alg_values_supported"]
    session = OAuth2Session(
        *(code, key),
        token_endpoint_auth_method="private_key_jwt",
        # Without a gateway the service stands at an address of its own.
        token_endpoint=f"{hub.client.base_url}{API}/token",
    )
    session.register_client_auth_method(way(metadata["token_endpoint"], alg=alg))
    return session


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("Ed25519", OKPKey.generate_key("Ed25519")),
        ("ES256", ECKey.generate_key("P-256")),
        ("RS256", RSAKey.generate_key(2048)),
    ],
    ids=["Ed25519", "ES256", "RS256"],
)
async def test_an_oauth_library_signs_in_with_a_key_and_pushes(
    hub: Outside, alg: str, key: Key
) -> None:
    code = f"oauth-{alg.lower()}"
    await hub.open(code, key)
    session = await library_of(hub, code, key, ForAMinute, alg)

    def sign_in_and_push() -> tuple[dict[str, Any], requests.Response]:
        with session:
            return session.fetch_token(grant_type="client_credentials"), session.post(
                f"{hub.client.base_url}{API}/connections/{code}/deliveries",
                json=a_delivery(),
                headers={"Idempotency-Key": str(uuid4())},
            )

    token, pushed = await asyncio.to_thread(sign_in_and_push)
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 300)
    assert (pushed.status_code, pushed.json()["state"]) == (202, "received")


async def test_the_hour_that_a_library_takes_by_itself_is_refused_in_words_that_it_shows(
    hub: Outside,
) -> None:
    key = OKPKey.generate_key("Ed25519")
    await hub.open("oauth-lau", key)
    with (
        await library_of(hub, "oauth-lau", key, PrivateKeyJWT, "Ed25519") as session,
        pytest.raises(OAuthError, match="invalid_client: exp > 60 s"),
    ):
        await asyncio.to_thread(session.fetch_token, grant_type="client_credentials")


@pytest.fixture(scope="module")
async def received(hub: Outside) -> Received:
    """Give a test event as the receiver of a new connection got it."""
    webhook = {"url": hub.receiver.url, "events": [ConnectionSuspended.type]}
    key = OKPKey.generate_key("Ed25519")
    await hub.open("nhan", key, directions=["outbound"], webhook=webhook)
    sent = await hub.ask("POST", "/connections/nhan/dispatches/test")

    async def has_come() -> bool:
        return bool(hub.receiver.received)

    await until(has_come)
    [received] = hub.receiver.received
    assert received.id == sent["webhook_id"]
    return received


@pytest.fixture
async def library(hub: Outside, monkeypatch: pytest.MonkeyPatch) -> Webhook:
    """Give the Standard Webhooks library with ed25519 in the place of its HMAC.

    Its releases know the symmetric ``v1`` only (as of 1.1). What is the library's here: the names
    of the headers, the tolerance of time, the list of signatures, the bytes that are signed, the
    comparison, the JSON. What is ours: which primitive checks those bytes, with the published key.
    """
    [jwk] = (await hub.ask("GET", "/jwks.json"))["keys"]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "=="))

    def check(signature: bytes, signed: bytes) -> bytes:
        public.verify(signature, signed)
        return signature

    monkeypatch.setattr("standardwebhooks.webhooks.hmac_data", check)
    return Webhook(b"a signature takes this place")


def symmetric(library: Webhook, headers: dict[str, str]) -> dict[str, str]:
    """Lay the signature where the library's primitive finds it, under the version it knows."""
    version, _, value = headers["webhook-signature"].partition(",")
    assert version == "v1a"
    library._whsecret = base64.b64decode(value)
    return headers | {"webhook-signature": f"v1,{value}"}


async def test_a_standard_webhooks_library_takes_what_is_sent(
    received: Received, library: Webhook
) -> None:
    told = library.verify(received.body, symmetric(library, received.headers))
    assert told["type"] == "connector-gateway.dispatch.tested.v1"
    assert told.keys() >= {"type", "timestamp", "data"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"webhook-timestamp": "1780000000"}, "Message timestamp too old"),
        ({"webhook-timestamp": "4102444800"}, "Message timestamp too new"),
        ({"webhook-id": ""}, "Missing required headers"),
    ],
    ids=["too old", "too new", "no id"],
)
async def test_the_library_refuses_what_was_changed_on_the_way(
    received: Received, library: Webhook, change: dict[str, str], why: str
) -> None:
    headers = symmetric(library, received.headers)
    with pytest.raises(WebhookVerificationError, match=why):
        library.verify(received.body, headers | change)
    with pytest.raises(InvalidSignature):
        library.verify(received.body + b" ", headers)
    with pytest.raises(InvalidSignature):
        library.verify(received.body, headers | {"webhook-id": "msg_khac"})


async def stopped(hub: Outside, code: str) -> None:
    """Push over a new connection, then stop it; return when both lie on Kafka."""
    partner = Partner(hub.client, code)
    await hub.open(code, partner.key)
    assertion = partner.assertion(aud=(await hub.metadata())["issuer"])
    partner.token = (await partner.ask_token(assertion)).json()["access_token"]
    assert (await partner.push(a_delivery())).status_code == 202
    await hub.ask("POST", "/suspensions", an_order(code))

    async def are_said() -> bool:
        said = await records(DeliveryReceived.topic.name) + await records(CONNECTIONS.name)
        return {DeliveryReceived.type, ConnectionSuspended.type} <= {
            type_of(record) for record in said if record.key == code.encode()
        }

    await until(are_said)


def type_of(record: Record) -> str:
    """Return what a record says it is."""
    found: bytes = dict(record.headers)["ce_type"]
    return found.decode()


async def test_the_sdk_of_cloudevents_reads_every_message_that_the_service_says(
    hub: Outside,
) -> None:
    await stopped(hub, "sdk-doc")
    read = [
        (record, from_kafka_event(KafkaMessage(dict(record.headers), record.key, record.value)))
        for topic in TOPICS
        for record in await records(topic.name)
    ]
    said = [(record, event) for record, event in read if event.get_source() != "/tests"]
    assert {event.get_type() for _, event in said} >= {
        *(DeliveryReceived.type, ConnectionSuspended.type, PublishNotice.type),
    }
    for record, event in said:
        assert event.get_specversion() == "1.0"
        assert record.topic.startswith(event.get_source().removeprefix("/") + ".")
        assert event.get_subject() == event.get_extension("partitionkey")
        time = event.get_time()
        assert time
        assert abs((now() - time).total_seconds()) < 600
        assert int(event.get_extension("sequence")) > 0
    assert len({event.get_id() for _, event in said}) == len(said)
    for _, event in said:
        if event.get_type() == DeliveryReceived.type:
            assert event.get_data() == a_delivery()
            assert UUID(event.get_extension("receiptid"))
        else:
            schema = FOLDER / "schemas" / "writer" / f"{event.get_type()}.json"
            jsonschema.validate(event.get_data(), json.loads(schema.read_text()))


async def test_the_console_consumer_of_apache_kafka_reads_a_topic(hub: Outside) -> None:
    await stopped(hub, "java-doc")
    said = await records(CONNECTIONS.name)
    consumer = await asyncio.create_subprocess_exec(
        *java(CONSOLE_CONSUMER, "--bootstrap-server", hub.bootstrap, "--topic", CONNECTIONS.name),
        *("--from-beginning", "--max-messages", str(len(said)), "--timeout-ms", "20000"),
        *(f"--formatter-property=print.{part}=true" for part in ("headers", "key")),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, told = await asyncio.wait_for(consumer.communicate(), 60)
    assert consumer.returncode == 0, told.decode()
    lines = [line.split("\t") for line in out.decode().splitlines() if line.startswith("ce_")]
    assert sorted((key, json.loads(value)["connection"]) for _, key, value in lines) == sorted(
        (str(record.key, "utf-8"), str(record.key, "utf-8")) for record in said
    )
    [(headers, _, value)] = [line for line in lines if line[1] == "java-doc"]
    assert f"ce_type:{ConnectionSuspended.type}" in headers.split(",")
    assert json.loads(value)["public_reason"] == "Kết nối có dấu hiệu bị chiếm quyền"
