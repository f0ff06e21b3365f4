"""Systems that cannot push, as the hub meets them when it asks: real servers on the loopback.

``async with serving(PullKind.HTTP, folder) as system`` gives a ministry's page by page interface
with ETags, ``PullKind.SFTP`` a drop folder behind a real SSH server; both speak the same few words
(``offer``, ``begin_to_fail``, ``asked`` …), so that one suite holds every connector.
``Pulled(gateway, system)`` configures a connection, takes turns and tells what was taken.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from connector_gateway.domain.sources import PullKind
from connector_gateway.jobs.puller import Puller
from tests.support.gateway import Gateway
from tests.support.partner import a_delivery
from tests.support.waiting import until

SECRET = "mat-khau-cua-nguon"
WRONG = {"secret": "sai"}


class System(Protocol):
    """A system that is asked, whatever it speaks."""

    kind: PullKind
    port: int
    asked: int
    """How many times a page or a listing was asked for."""

    def configuration(self, **changes: Any) -> dict[str, Any]:
        """Return how to ask it, as operators write it down; ``changes`` of the source."""

    def credential(self, **changes: Any) -> dict[str, Any]:
        """Return how to sign in."""

    def offer(self, name: str, body: bytes) -> None:
        """Put a page or file there, or another content in its place."""

    def begin_to_fail(self, name: str) -> None:
        """Fail from now on whenever this page or file is read."""

    def mend(self) -> None:
        """Fail no more."""

    async def stop(self) -> None:
        """Go away."""


def some(count: int) -> dict[str, bytes]:
    """Return deliveries by name, in order, each different."""
    return {f"bao-cao-{n}": json.dumps(a_delivery(figures=n)).encode() for n in range(1, count + 1)}


def digest(body: bytes) -> str:
    """Return the digest by which a receipt knows what was taken."""
    return hashlib.sha256(body).hexdigest()


@dataclass
class Pages:
    """A page by page interface: each page names the next one and has an ETag."""

    kind = PullKind.HTTP
    port: int = 0
    asked: int = 0
    bodies_sent: int = 0
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    failing: str = ""
    hanging: str = ""
    """A page that is not answered until ``mend``."""
    mended: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Response | None = None
    """Given instead of any page."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent along with each page."""
    heard: dict[str, str] = field(default_factory=dict)
    """Headers of the last request."""
    last_next: str | None = None
    """What the last page calls the next one."""
    names_next_inside: bool = False
    server: uvicorn.Server | None = None
    task: asyncio.Task[None] | None = None

    def configuration(self, **changes: Any) -> dict[str, Any]:
        """Return how to ask it."""
        url = f"http://127.0.0.1:{self.port}/trang/1"
        return {"every_seconds": 600, "http": {"url": url, **changes}}

    def credential(self, **changes: Any) -> dict[str, Any]:
        """Return how to sign in."""
        return {"scheme": "bearer", "secret": SECRET, **changes}

    def offer(self, name: str, body: bytes, *, content_type: str = "application/json") -> None:
        """Put a page at the end, or another content in its place."""
        self.pages[name] = (content_type, body)

    def begin_to_fail(self, name: str) -> None:
        """Answer 500 instead of this page."""
        self.failing = name

    def mend(self) -> None:
        """Fail no more."""
        self.failing = self.hanging = ""
        self.mended.set()

    async def show(self, number: int, request: Request) -> Response:
        """Answer a request for a page."""
        self.asked += 1
        self.heard = dict(request.headers)
        if request.headers.get("authorization") != f"Bearer {SECRET}":
            return Response(status_code=401)
        if self.answer is not None:
            return self.answer
        names = list(self.pages)
        if number > len(names):
            return Response(status_code=204 if number == 1 else 404)
        name = names[number - 1]
        if name == self.hanging:
            await self.mended.wait()
        if name == self.failing:
            return Response(status_code=500)
        return self._page(name, self._next(number), request.headers.get("if-none-match"))

    def _next(self, number: int) -> str | None:
        return f"{number + 1}" if number < len(self.pages) else self.last_next

    def _page(self, name: str, following: str | None, known: str | None) -> Response:
        content_type, body = self.pages[name]
        headers = {"content-type": content_type, **self.headers}
        if following and self.names_next_inside:
            body = body.replace(b"{", b'{"next": "%s", ' % following.encode(), 1)
        elif following:
            headers["link"] = f'<{following}>; rel="next"'
        headers["etag"] = f'"{digest(body + str(following).encode())[:20]}"'
        if known == headers["etag"]:
            return Response(status_code=304, headers={"etag": headers["etag"]})
        self.bodies_sent += 1
        return Response(body, headers=headers)

    async def start(self) -> None:
        """Listen."""
        app = FastAPI(openapi_url=None)
        app.add_api_route("/trang/{number}", self.show)
        self.server = uvicorn.Server(
            uvicorn.Config(app, port=0, log_level="critical", lifespan="off", access_log=False)
        )
        self.task = asyncio.create_task(self.server.serve())
        await until(self._listens)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    async def _listens(self) -> bool:
        return bool(self.server and self.server.started)

    async def stop(self) -> None:
        """Go away."""
        if self.server and self.task:
            self.server.should_exit = True
            await self.task
            self.server = None


@dataclass
class DropFolder:
    """A folder behind a real SSH server; ``vao`` takes files, ``xong`` those that are done."""

    root: Path
    kind = PullKind.SFTP
    port: int = 0
    asked: int = 0
    failing: str = ""
    key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    user_key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    clock: int = 1_790_000_000
    server: asyncssh.SSHAcceptor | None = None

    def configuration(self, **changes: Any) -> dict[str, Any]:
        """Return how to ask it."""
        source = {
            "host": "127.0.0.1",
            "port": self.port,
            "host_key": self.key.export_public_key().decode().strip(),
            "folder": "/vao",
            "glob": "*",
            "settle_seconds": 0,
        }
        return {"every_seconds": 600, "sftp": {**source, **changes}}

    def credential(self, **changes: Any) -> dict[str, Any]:
        """Return how to sign in."""
        return {"scheme": "password", "user": "nguon", "secret": SECRET, **changes}

    @property
    def with_key(self) -> dict[str, Any]:
        """Return how to sign in by key."""
        secret = self.user_key.export_private_key().decode()
        return {"scheme": "private-key", "user": "nguon", "secret": secret}

    def path(self, name: str) -> Path:
        """Return where a file lies; JSON unless its name says otherwise."""
        return self.root / "vao" / (name if "." in name else f"{name}.json")

    def offer(self, name: str, body: bytes) -> None:
        """Put a file there, later than all others."""
        self.clock += 60
        self.path(name).write_bytes(body)
        os.utime(self.path(name), (self.clock, self.clock))

    def begin_to_fail(self, name: str) -> None:
        """Refuse to open this file."""
        self.failing = self.path(name).name

    def mend(self) -> None:
        """Fail no more."""
        self.failing = ""

    async def start(self) -> None:
        """Listen."""
        for name in ("vao", "xong"):
            (self.root / name).mkdir()
        self.server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.key],
            server_factory=lambda: Guard(self),
            sftp_factory=lambda channel: Files(channel, self),
        )
        self.port = self.server.get_port()

    async def stop(self) -> None:
        """Go away."""
        if self.server:
            self.server.close()
            await self.server.wait_closed()
            self.server = None


class Guard(asyncssh.SSHServer):
    """Lets in one user, by password or by key."""

    def __init__(self, folder: DropFolder) -> None:
        self._key = folder.user_key.convert_to_public()

    def begin_auth(self, username: str) -> bool:
        """Ask everybody for a proof."""
        return True

    def password_auth_supported(self) -> bool:
        """Take passwords."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Say whether the password is right."""
        return (username, password) == ("nguon", SECRET)

    def public_key_auth_supported(self) -> bool:
        """Take keys."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Say whether the key is that of the user."""
        return key == self._key


class Files(asyncssh.SFTPServer):
    """The files of a drop folder; counts who looks, fails where it is told to."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], folder: DropFolder) -> None:
        super().__init__(channel, chroot=os.fsencode(folder.root))
        self._folder = folder

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open a file, unless it is to fail."""
        if self._folder.failing and path.decode().endswith(self._folder.failing):
            raise asyncssh.SFTPFailure("disk")
        return super().open(path, pflags, attrs)

    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List a folder."""
        self._folder.asked += 1
        return super().scandir(path)


@asynccontextmanager
async def serving(kind: PullKind, folder: Path) -> AsyncIterator[Pages | DropFolder]:
    """Run a system of a kind on the loopback."""
    system = Pages() if kind is PullKind.HTTP else DropFolder(folder)
    await system.start()
    try:
        yield system
    finally:
        await system.stop()


@dataclass
class Pulled:
    """A connection whose system is asked, and hands to take turns."""

    gateway: Gateway
    system: System
    code: str = "qg-tthc"

    def permit(self) -> None:
        """Let the gateway call the loopback, as operators would for a system in their own hall."""
        self.gateway.settings.allowed_private_targets = f"127.0.0.1:{self.system.port}"

    async def configure(self, *, tag: str | None = None, **body: Any) -> httpx.Response:
        """Have the system asked; ``body`` replaces what a good configuration says."""
        said = {**self.system.configuration(), "credential": self.system.credential(), **body}
        by = {**self.gateway.operator, **({"If-Match": tag} if tag else {})}
        return await self.gateway.call("PUT", f"/connections/{self.code}/pull", said, by=by)

    async def change(self, **body: Any) -> None:
        """Configure anew what was read."""
        answer = await self.configure(tag=await self.tag(), **body)
        assert answer.status_code == 200, answer.text

    async def tag(self) -> str:
        """Return the ETag of the configuration."""
        answer = await self.gateway.call("GET", f"/connections/{self.code}/pull")
        return str(answer.headers["etag"])

    async def view(self) -> dict[str, Any]:
        """Return what operators see."""
        answer = await self.gateway.call("GET", f"/connections/{self.code}/pull")
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def turn(self) -> int:
        """Let the time of a turn come and take it; return how many turns were taken."""
        self.gateway.execute("UPDATE pulls SET next_at = now() - interval '1 second'")
        puller = Puller(self.gateway.database, self.gateway.settings)
        count = await puller.round()
        await puller.settled()
        return count

    @property
    def taken(self) -> list[str]:
        """Return the digests of what was taken, in order."""
        query = "SELECT encode(sha256, 'hex') FROM receipts ORDER BY ledger_index"
        return [sha256 for (sha256,) in self.gateway.rows(query)]
