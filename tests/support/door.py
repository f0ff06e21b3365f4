"""The real gateway alone, with one stand-in behind it, to see what the gateway itself does.

``async with open_door(folder) as door``: ``door.url`` is the gateway; ``await door.upstream()``
starts the stand-in behind every service, which tells as JSON what reached it; ``await
door.close_upstream()`` takes it away again.
"""

import asyncio
import functools
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from deploy.local.layout import ORDERS, WEB, Hub, prefix_of
from deploy.local.parts import parts_of
from tests.support.keeper import free_port
from tests.support.waiting import until

TEXT = "Chế độ báo cáo " * 200


class Door:
    """A gateway and what stands behind it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.url = hub.origin
        self.upstream_port = free_port()
        self.bytes_seen = 0
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def upstream(self, *, refuses_with: int | None = None) -> None:
        """Start the stand-in; it may refuse everything before it reads the body."""
        app = FastAPI(openapi_url=None)
        act = functools.partial(_refuse, refuses_with) if refuses_with else self._tell
        app.add_api_route("/{path:path}", act, methods=["GET", "POST"])
        config = uvicorn.Config(app, port=self.upstream_port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve())
        await until(lambda: _accepts(self.upstream_port))

    async def _tell(self, request: Request) -> dict[str, object]:
        self.bytes_seen = 0
        try:
            async for chunk in request.stream():
                self.bytes_seen += len(chunk)
        except ClientDisconnect:
            return {}
        return {"headers": dict(request.headers), "bytes": self.bytes_seen, "text": TEXT}

    async def begin_to_post(self, path: str, *, length: int, sent: int) -> bytes:
        """Announce ``length`` bytes, send only ``sent``, and return the answer that comes."""
        port = int(self.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        writer.write(head.encode() + b"x" * sent)
        answer = await asyncio.wait_for(reader.read(4096), 5)
        writer.close()
        return answer

    async def close_upstream(self) -> None:
        """Take the stand-in away."""
        if self._server and self._serving:
            self._server.should_exit = True
            await self._serving


@asynccontextmanager
async def open_door(folder: Path, port: int) -> AsyncIterator[Door]:
    """Start the gateway as the hub does, every service at one address."""
    hub = Hub(folder / "nhà", port)
    hub.make_folders()
    door = Door(hub)
    [part] = [part for part in parts_of(hub) if part.name == "gateway"]
    address = f"127.0.0.1:{door.upstream_port}"
    upstreams = {f"{prefix_of(name)}_UPSTREAM": address for name in (*WEB, ORDERS)}
    process = await asyncio.create_subprocess_exec(
        *part.command,
        cwd=part.cwd,
        env={**os.environ, **part.env, **upstreams},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await until(lambda: _accepts(port))
        yield door
    finally:
        await door.close_upstream()
        process.terminate()
        await process.wait()


async def _refuse(status: int) -> JSONResponse:
    return JSONResponse({"refused": True}, status)


async def in_pieces(mebibytes: int) -> AsyncIterator[bytes]:
    """Give a body piece by piece, so that its length is not told beforehand."""
    for _ in range(mebibytes * 16):
        yield b"x" * (1 << 16)


async def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
