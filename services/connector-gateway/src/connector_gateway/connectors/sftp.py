"""Asking a drop folder over SFTP: files as they come, the oldest first, each taken once.

A file counts when its size and time stayed the same for two looks, so that nothing half-written
is read. Its mark is its name; what is remembered is size, time and digest.
"""

import asyncio
import contextlib
import fnmatch
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NamedTuple

import asyncssh

from connector_gateway.connectors.addresses import checked_address
from connector_gateway.connectors.checks import checked, digest_of
from connector_gateway.domain.contents import CSV, JSON, LARGEST, XLSX
from connector_gateway.domain.sources import Content, Source, Step
from connector_gateway.domain.targets import Target
from connector_gateway.errors.pulls import (
    HostKeyDiffers,
    SourceFailed,
    SourceSignInRefused,
    SourceUnreachable,
)

FILE_SECONDS = 60
"""How long a file may take to arrive."""
SIGN_IN_SECONDS = 20
KINDS = {".json": JSON, ".csv": CSV, ".xlsx": XLSX}


@dataclass(frozen=True)
class Settings:
    """Which folder to look into; files go to ``done_folder`` where one is named."""

    host: str
    port: int
    host_key: str
    folder: str
    glob: str
    done_folder: str | None = None
    settle_seconds: float = 5.0
    most_files: int = 200


class Look(NamedTuple):
    """What one look tells of a file; the same twice in a row: nobody writes to it."""

    mtime: int
    size: int


class Fate(StrEnum):
    """What became of a file."""

    SEEN = "seen"
    TAKEN = "taken"
    REFUSED = "refused"


@dataclass(frozen=True)
class FileMark:
    """What is known of a file: the last look, what became of it, what was read of it last."""

    mtime: int
    size: int
    fate: Fate = Fate.SEEN
    sha256: str = ""

    def is_at(self, look: Look) -> bool:
        """Say whether the file looks as it did."""
        return (self.mtime, self.size) == look

    def to_text(self) -> str:
        """Return the mark as it is kept."""
        return json.dumps(asdict(self))


async def steps(source: Source) -> AsyncGenerator[Step]:
    """Yield file after file; raises what says that the source cannot be asked now."""
    settings = Settings(**source.settings)
    target = Target.of_server(settings.host, settings.port, source.permitted)
    async with contextlib.AsyncExitStack() as stack:
        with _told(settings.host):
            connection = await stack.enter_async_context(await _signed_in(settings, target, source))
            sftp = await stack.enter_async_context(
                connection.start_sftp_client(path_errors="surrogateescape")
            )
        folder = Folder(sftp, settings, _marks(source.checkpoint))
        async for step in folder.first() if source.is_trial else folder.walk():
            yield step


async def _signed_in(
    settings: Settings, target: Target, source: Source
) -> asyncssh.SSHClientConnection:
    secret = source.credential.get("secret", "")
    has_key = source.credential.get("scheme") == "private-key"
    async with asyncio.timeout(SIGN_IN_SECONDS):
        return await asyncssh.connect(
            await checked_address(target),
            settings.port,
            known_hosts=([asyncssh.import_public_key(settings.host_key)], [], []),
            username=source.credential.get("user", ""),
            password=None if has_key else secret,
            client_keys=[asyncssh.import_private_key(secret)] if has_key else None,
            agent_path=None,
            config=None,
        )


def _marks(checkpoint: Mapping[str, str]) -> dict[str, FileMark]:
    marks = {name: json.loads(mark) for name, mark in checkpoint.items()}
    return {name: FileMark(**{**said, "fate": Fate(said["fate"])}) for name, said in marks.items()}


@dataclass
class Folder:
    """A drop folder during one turn."""

    sftp: asyncssh.SFTPClient
    settings: Settings
    marks: dict[str, FileMark]
    stuck: list[str] = field(default_factory=list)
    """Files that were taken and could not be moved."""

    async def first(self) -> AsyncGenerator[Step]:
        """Yield the oldest file, whatever has been taken."""
        found = await self._look()
        for name in sorted(found, key=lambda name: (found[name], name))[:1]:
            yield await self._read(name, found[name])

    async def walk(self) -> AsyncGenerator[Step]:
        """Yield what changed, then every file that nobody writes to any more."""
        found = await self._look()
        gone = self.marks.keys() - found.keys()
        fresh = self._see(found)
        if gone or fresh:
            yield Step(marks={**dict.fromkeys(gone), **fresh})
        if fresh:
            await asyncio.sleep(self.settings.settle_seconds)
            found = await self._look()
            fresh = self._see(found)
            if fresh:
                yield Step(marks=fresh)
        async for step in self._take({name: found[name] for name in found.keys() - fresh.keys()}):
            yield step

    async def _take(self, found: Mapping[str, Look]) -> AsyncGenerator[Step]:
        oldest_first = sorted(found, key=lambda name: (found[name], name))
        for name in oldest_first:
            await self._put_away(name)  # taken by a runner that had no time to
        ready = [name for name in oldest_first if self.marks[name].fate is Fate.SEEN]
        for name in ready[: self.settings.most_files]:
            yield await self._read(name, found[name])
            await self._put_away(name)  # after the commit
        if self.stuck:
            raise SourceFailed(why=f"move {self.stuck[0]}")

    def _see(self, found: Mapping[str, Look]) -> dict[str, str]:
        """Remember what looks otherwise than it did; return those marks."""
        fresh = [name for name, look in found.items() if not self._is_known(name, look)]
        return {name: self._seen(name, found[name]) for name in fresh}

    def _is_known(self, name: str, look: Look) -> bool:
        return name in self.marks and self.marks[name].is_at(look)

    def _seen(self, name: str, look: Look) -> str:
        sha256 = self.marks[name].sha256 if name in self.marks else ""
        self.marks[name] = FileMark(look.mtime, look.size, Fate.SEEN, sha256)
        return self.marks[name].to_text()

    async def _look(self) -> dict[str, Look]:
        """Return the files of the folder that are asked for; no links, no unreadable names."""
        with _told(self.settings.host):
            async with asyncio.timeout(FILE_SECONDS):
                entries = await self.sftp.readdir(self.settings.folder)
        return {
            str(entry.filename): Look(entry.attrs.mtime or 0, entry.attrs.size or 0)
            for entry in entries
            if entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR
            and fnmatch.fnmatchcase(str(entry.filename), self.settings.glob)
            and not str(entry.filename).startswith(".")
            and str(entry.filename).isprintable()
            and "/" not in str(entry.filename)
        }

    async def _read(self, name: str, look: Look) -> Step:
        path = str(PurePosixPath(self.settings.folder) / name)
        with _told(self.settings.host):
            async with asyncio.timeout(FILE_SECONDS):
                async with self.sftp.open(path, "rb") as file:
                    body: bytes = await file.read(LARGEST + 1)
                attrs = await self.sftp.lstat(path)
        after = Look(attrs.mtime or 0, attrs.size or 0)
        if after != look:
            return Step(marks={name: self._seen(name, after)})
        offered = checked(body, KINDS.get(PurePosixPath(name).suffix.lower(), ""))
        sha256 = digest_of(body, offered)
        before = self.marks.get(name, FileMark(*look))
        fate = Fate.TAKEN if isinstance(offered, Content) else Fate.REFUSED
        self.marks[name] = replace(before, fate=fate, sha256=sha256)
        return Step(
            marks={name: self.marks[name].to_text()},
            position=name,
            version=f"{look.mtime}:{look.size}",
            offered=offered if sha256 != before.sha256 else None,
        )

    async def _put_away(self, name: str) -> None:
        """Move a file that was taken, where that is wanted; nothing is written over."""
        if not self.settings.done_folder or self.marks[name].fate is not Fate.TAKEN:
            return
        done = PurePosixPath(self.settings.done_folder)
        path = PurePosixPath(self.settings.folder) / name
        with _told(self.settings.host):
            attrs = await self.sftp.lstat(str(path))
            if not self.marks[name].is_at(Look(attrs.mtime or 0, attrs.size or 0)):
                return  # another file by now
            for to in (done / name, done / f"{self.marks[name].sha256[:12]}-{name}"):
                with contextlib.suppress(asyncssh.SFTPError):
                    await self.sftp.rename(str(path), str(to))
                    return
        self.stuck.append(name)


@contextlib.contextmanager
def _told(host: str) -> Iterator[None]:
    """Say what the server or the network does in words of the hub."""
    try:
        yield
    except asyncssh.PermissionDenied as why:
        raise SourceSignInRefused(why="SSH") from why
    except asyncssh.HostKeyNotVerifiable as why:
        raise HostKeyDiffers(host=host) from why
    except asyncssh.SFTPError as why:
        raise SourceFailed(why=f"SFTP: {type(why).__name__}") from why
    except (asyncssh.Error, OSError, TimeoutError) as why:
        raise SourceUnreachable(why=type(why).__name__) from why
