"""What people edit carries an ETag; a change names the one it was read with."""

from typing import Annotated

from fastapi import Depends, Header

from chassis.errors import PreconditionFailed, PreconditionRequired


def etag_of(revision: int) -> str:
    """Return the strong ETag of a revision: ``"7"``."""
    return f'"{revision}"'


def revision_read(
    if_match: Annotated[str | None, Header(description='ETag đã đọc, ví dụ "7"')] = None,
) -> int:
    """Return the revision that ``If-Match`` names; 428 without it, 412 where it is none."""
    if if_match is None:
        raise PreconditionRequired
    bare = if_match.strip().removeprefix("W/").strip('"')
    if not bare.isascii() or not bare.isdigit():
        raise PreconditionFailed
    return int(bare)


IfMatch = Annotated[int, Depends(revision_read)]
"""The revision with which a change was read."""
