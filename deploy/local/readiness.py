"""How a part shows that it is ready: by an answer, never by the time that has passed."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

Probe = Callable[[], Coroutine[Any, Any, bool]]
PATIENCE = 2.0
"""Seconds that one question may take."""


def opens(port: int) -> Probe:
    """Ready when something accepts connections on a local port."""

    async def probe() -> bool:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True

    return _patient(probe)


def answers(port: int, path: str) -> Probe:
    """Ready when ``GET path`` on a local port answers 200."""

    async def probe() -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        status = await reader.readline()
        writer.close()
        return b" 200 " in status

    return _patient(probe)


def succeeds(command: Sequence[str]) -> Probe:
    """Ready when a program ends with 0."""

    async def probe() -> bool:
        nowhere = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdout=nowhere, stderr=nowhere)
        return await process.wait() == 0

    return _patient(probe)


def _patient(probe: Probe) -> Probe:
    async def asked() -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                return await probe()
        except OSError:  # nobody listens yet, or did not answer in time (TimeoutError)
            return False

    return asked
