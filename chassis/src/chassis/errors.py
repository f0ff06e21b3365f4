"""The five ways a service says no, and the few of them that HTTP tells apart.

A service's error is a kind plus a slug; its Vietnamese texts stand in ``texts.toml``:

>>> class ReportClosed(Conflict):
...     slug = "report-closed"
>>> str(ReportClosed(report="07201"))
'report-closed (report=07201)'
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class Place:
    """One thing that is wrong, and where: a JSON pointer, a slug, what fills its sentence."""

    pointer: str
    type: str
    detail: str | None = None
    """The Vietnamese sentence; None takes the text of ``type`` filled with ``params``."""
    params: Mapping[str, object] = field(default_factory=dict)


class Refusal(Exception):
    """A request or message is refused and nothing has changed."""

    status: ClassVar[int]
    slug: ClassVar[str]

    def __init__(
        self,
        *,
        errors: Sequence[Place] = (),
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        **params: object,
    ) -> None:
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        self.params = params
        said = ", ".join(f"{name}={value}" for name, value in params.items())
        super().__init__(f"{self.slug} ({said})" if said else self.slug)


class Invalid(Refusal):
    """What was said makes no sense here: 422; a dead letter from Kafka."""

    status = 422
    slug = "invalid"


class Forbidden(Refusal):
    """Whoever asks may not: 403; a dead letter from Kafka."""

    status = 403
    slug = "forbidden"


class NotFound(Refusal):
    """There is no such thing, or not for whoever asks: 404; a dead letter from Kafka."""

    status = 404
    slug = "not-found"


class Conflict(Refusal):
    """The move is not allowed in this state: 409; a dead letter from Kafka."""

    status = 409
    slug = "conflict"


class Unavailable(Refusal):
    """Something needed is down: 503 with Retry-After; a retry from Kafka."""

    status = 503
    slug = "unavailable"


class Unauthenticated(Forbidden):
    """Nobody, or nobody any more, stands behind the request: 401."""

    status = 401
    slug = "unauthenticated"


class Malformed(Invalid):
    """The request cannot be read at all: 400."""

    status = 400
    slug = "malformed"


class TooLarge(Invalid):
    """More than the door takes: 413."""

    status = 413
    slug = "payload-too-large"


class UnsupportedMediaType(Invalid):
    """A media type or encoding that the door does not read: 415."""

    status = 415
    slug = "unsupported-media-type"


class PreconditionFailed(Conflict):
    """Somebody else changed the thing since it was read: 412."""

    status = 412
    slug = "stale-etag"


class PreconditionRequired(Invalid):
    """A change needs ``If-Match`` with the ETag that was read: 428."""

    status = 428
    slug = "etag-required"


class StorageFull(Unavailable):
    """The database has no room to write: 507 with Retry-After."""

    status = 507
    slug = "storage-full"


class TooMany(Unavailable):
    """Too often in too short a time: 429 with Retry-After."""

    status = 429
    slug = "too-many-requests"
