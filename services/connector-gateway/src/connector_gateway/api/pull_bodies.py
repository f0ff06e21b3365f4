"""Shapes of a pull's configuration as it comes in, and what must fit together in it."""

from collections.abc import Iterator, Set
from enum import StrEnum
from typing import Annotated, Any

import asyncssh
from pydantic import Field, StringConstraints

from chassis.errors import Place
from chassis.http import Body
from connector_gateway.domain.pulls import Wanted
from connector_gateway.domain.sources import PullKind
from connector_gateway.domain.suspensions import Person
from connector_gateway.domain.targets import Target
from connector_gateway.errors.pulls import PullUnfit
from contracts.text import Text

Url = Annotated[str, StringConstraints(pattern=r"^https?://[\x21-\x7e]+$", max_length=2000)]
Host = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.:-]{1,253}$")]
Folder = Annotated[Text, StringConstraints(pattern=r"^[^\x00-\x1f]+$", max_length=500)]
Glob = Annotated[Text, StringConstraints(pattern=r"^[^\x00-\x1f/]+$", max_length=100)]
HEADERS_OF_OURS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "host", "if-none-match"}
    | {"te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
)


class Scheme(StrEnum):
    """How the hub signs in at a source."""

    BEARER = "bearer"
    BASIC = "basic"
    API_KEY = "api-key"
    PASSWORD = "password"  # noqa: S105 a scheme
    PRIVATE_KEY = "private-key"


SCHEMES = {
    PullKind.HTTP: {Scheme.BEARER, Scheme.BASIC, Scheme.API_KEY},
    PullKind.SFTP: {Scheme.PASSWORD, Scheme.PRIVATE_KEY},
}


class AfterTaking(StrEnum):
    """What becomes of a file that was taken."""

    KEEP = "keep"
    MOVE = "move"


class HttpBody(Body):
    """A source over HTTP: pages by `Link: rel="next"`, or by a member of each page."""

    url: Url
    next_member: Annotated[Text, StringConstraints(min_length=1, max_length=60)] | None = None
    most_pages: Annotated[int, Field(ge=1, le=1000)] = 100


class SftpBody(Body):
    """A drop folder; the host key is pinned as `ssh-keyscan` writes it, without the host."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    host_key: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    folder: Folder
    glob: Glob
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 5.0
    most_files: Annotated[int, Field(ge=1, le=1000)] = 200
    after: AfterTaking = AfterTaking.KEEP
    done_folder: Folder | None = None

    def unfit(self) -> Iterator[Place]:
        """Yield what does not fit together."""
        try:
            asyncssh.import_public_key(self.host_key)
        except (asyncssh.KeyImportError, ValueError):
            yield Place("/sftp/host_key", "invalid-value")
        if (self.after is AfterTaking.MOVE) != (self.done_folder is not None):
            is_missing = self.done_folder is None
            yield Place("/sftp/done_folder", "missing-field" if is_missing else "invalid-value")
        elif self.done_folder and self.done_folder.rstrip("/") == self.folder.rstrip("/"):
            yield Place("/sftp/done_folder", "invalid-value")


class CredentialBody(Body):
    """How to sign in; `header` belongs to an API key, `user` to all but bearer and API key."""

    scheme: Scheme
    secret: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    user: Annotated[Text, StringConstraints(min_length=1, max_length=200)] | None = None
    header: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,60}$")] | None = None

    def unfit(self, kind: PullKind) -> Iterator[Place]:
        """Yield what does not fit together, or to the kind of source."""
        if self.scheme not in SCHEMES[kind]:
            yield Place("/credential/scheme", "invalid-value")
        needs_user = self.scheme in {Scheme.BASIC, Scheme.PASSWORD, Scheme.PRIVATE_KEY}
        needs_header = self.scheme is Scheme.API_KEY
        for name, is_needed in (("user", needs_user), ("header", needs_header)):
            if is_needed is (getattr(self, name) is None):
                yield Place(
                    f"/credential/{name}", "missing-field" if is_needed else "unknown-field"
                )
        if self.header and self.header.lower() in HEADERS_OF_OURS:
            yield Place("/credential/header", "invalid-value")
        if not self._has_fit_secret():
            yield Place("/credential/secret", "invalid-value")

    def _has_fit_secret(self) -> bool:
        match self.scheme:
            case Scheme.BEARER | Scheme.API_KEY:
                return all("\x21" <= letter <= "\x7e" for letter in self.secret)
            case Scheme.PRIVATE_KEY:
                try:
                    asyncssh.import_private_key(self.secret)
                except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
                    return False
            case _:
                return self.secret.isprintable()
        return True


class PullBody(Body):
    """What to ask: exactly one of `http` and `sftp`."""

    every_seconds: Annotated[int, Field(ge=60, le=86_400)]
    http: HttpBody | None = None
    sftp: SftpBody | None = None
    credential: CredentialBody | None = None

    @property
    def kind(self) -> PullKind:
        """Return the kind of source."""
        return PullKind.HTTP if self.http else PullKind.SFTP

    def unfit(self) -> Iterator[Place]:
        """Yield what does not fit together."""
        if self.http is None and self.sftp is None:
            yield Place("/http", "missing-field")
            return
        if self.http and self.sftp:
            yield Place("/sftp", "unknown-field")
        if self.sftp:
            yield from self.sftp.unfit()
        if self.credential:
            yield from self.credential.unfit(self.kind)

    def refuse_unfit(self, permitted: Set[str]) -> None:
        """Raise ``PullUnfit`` naming every bad place, ``TargetNotAllowed`` for a private one."""
        if bad := list(self.unfit()):
            raise PullUnfit(errors=bad)
        if self.http:
            Target.parse(self.http.url, permitted)
        if self.sftp:
            Target.of_server(self.sftp.host, self.sftp.port, permitted)

    def wanted(self, by: Person) -> Wanted:
        """Return what ``by`` wants asked."""
        source: HttpBody | SftpBody | None = self.http or self.sftp
        settings: dict[str, Any] = source.model_dump(exclude={"after"}) if source else {}
        credential = self.credential
        return Wanted(
            kind=self.kind,
            settings=settings,
            every_seconds=self.every_seconds,
            by=by,
            credential=credential.model_dump(exclude_none=True) if credential else None,
            keeps_credential="credential" not in self.model_fields_set,
        )
