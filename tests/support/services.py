"""One service as a process of its own, on a real database and a real broker, for conformance.

``async with running(name, database_url, kafka) as live`` starts it as the hub would, waits until
it is ready and stops it with SIGTERM. ``announce_key`` says the public key that readiness waits
for, and ``a_token`` signs tokens which that key checks.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from joserfc import jwt
from joserfc.jwk import OKPKey

from chassis.auth import ALGORITHM, AUDIENCE, TOKEN_TYPE
from chassis.clock import now
from chassis.identifiers import new_id
from contracts.accounts.v1 import AccountKeysRotated, PublicKey, Role
from deploy.local import forked
from deploy.local.layout import ROOT, package_of, prefix_of
from deploy.local.logs import last_lines
from tests.support.kafka import send
from tests.support.waiting import until

KEY = OKPKey.generate_key("Ed25519", auto_kid=True)
"""The key of the tests' own issuer of tokens."""


@dataclass(frozen=True)
class Live:
    """A service that runs: where it answers, and its process."""

    name: str
    url: str
    process: forked.Copy
    folder: Path
    """Where it writes."""

    @property
    def api(self) -> str:
        """Return where its public interface begins."""
        return f"{self.url}/api/{self.name}/v1"


def a_token(*roles: Role, agency: str = "24", **other: str | int) -> str:
    """Return an access token of a person with ``roles``, good for the whole test run.

    ``other`` claims stand instead of those that are made up: ``sub``, ``name``, ``connection``.
    """
    claims = {
        "iss": "tests",
        "aud": AUDIENCE,
        "sub": str(new_id()),
        "sid": str(new_id()),
        "name": "Người kiểm thử",
        "agency": agency,
        "roles": [role.value for role in roles],
        "exp": int(time.time()) + 6 * 3600,
        **other,
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": KEY.kid}
    return jwt.encode(header, claims, KEY, algorithms=[ALGORITHM])


async def announce_key() -> None:
    """Say the public key of the tests' issuer, as accounts says its own."""
    members = KEY.as_dict(private=False)
    key = PublicKey(kid=str(members["kid"]), x=str(members["x"]))
    event = AccountKeysRotated(issuer="tests", keys=[key], rotated_at=now())
    await send(event.topic.name, event.to_bytes(), key=b"tests", headers=headers_of(event.type))


def headers_of(type: str) -> dict[str, bytes]:
    """Return the headers of a new message of ``type``."""
    return {
        "ce_specversion": b"1.0",
        "ce_id": str(new_id()).encode(),
        "ce_type": type.encode(),
        "ce_source": b"/tests",
        "ce_time": now().isoformat().encode(),
    }


def environment(name: str, database_url: str, bootstrap: str, folder: Path) -> dict[str, str]:
    """Return the settings of a service on its own."""
    key = folder / "signing.pem"
    if not key.exists():
        key.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    settings = {
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP": bootstrap,
        "TRACES_FILE": str(folder / "traces.jsonl"),
        "SIGNING_KEY_FILE": str(key),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "9",
    }
    return {**os.environ, **{f"{prefix_of(name)}_{key}": value for key, value in settings.items()}}


@asynccontextmanager
async def running(
    name: str, database_url: str, bootstrap: str, folder: Path, **settings: str
) -> AsyncIterator[Live]:
    """Start a service as the hub would, with ``settings`` of its own, and stop it at the end."""
    own = {f"{prefix_of(name)}_{key}": value for key, value in settings.items()}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Where there is no gateway, what is public is read from the service itself.
    own.setdefault(f"{prefix_of(name)}_READER_URL", f"http://127.0.0.1:{port}")
    forked.begin()
    command = [
        *(sys.executable, "-m", "uvicorn", f"{package_of(name)}.main:app", "--factory"),
        *(f"--port={port}", "--no-access-log", "--timeout-graceful-shutdown=3"),
    ]
    env = environment(name, database_url, bootstrap, folder) | own
    process = await forked.start(forked.Wanted(name, command, env, ROOT, folder))
    live = Live(name, f"http://127.0.0.1:{port}", process, folder)
    try:
        await until(lambda: is_ready(live), limit=60)
        yield live
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 15)


async def is_ready(live: Live) -> bool:
    """Say whether the service is ready; raises where its process has ended."""
    if live.process.returncode is not None:
        said = last_lines(live.folder, live.name)
        raise RuntimeError(f"{live.name} ended with {live.process.returncode}:\n{said}")
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{live.url}/readyz")).status_code == 200
        except httpx.TransportError:
            return False
