"""What people edit carries an ETag; a change names the one it was read with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Response

from chassis.errors import PreconditionFailed, PreconditionRequired


def etag_of(revision: int) -> str:
    """Return the strong ETag of a revision: ``"7"``."""
    return f'"{revision}"'


def revision_read(
    if_match: Annotated[str | None, Header(description='The ETag that was read: "7"')] = None,
) -> int:
    """Return the revision that ``If-Match`` names; 428 without it, 412 where it is none."""
    if if_match is None:
        raise PreconditionRequired
    # A gateway that compresses an answer marks its ETag with the encoding: "7-zstd".
    bare = if_match.strip().removeprefix("W/").strip('"').partition("-")[0]
    if not bare.isascii() or not bare.isdigit():
        raise PreconditionFailed
    return int(bare)


@dataclass(frozen=True)
class ReadTag:
    """The revision with which a change was read, and the answer that carries the next one."""

    revision: Annotated[int, Depends(revision_read)]
    response: Response


Tag = Annotated[ReadTag, Depends()]
"""For the signature of an endpoint that changes what people edit."""
