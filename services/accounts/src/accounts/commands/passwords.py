"""Passwords: hashed beside the event loop, so many at a time; changed by their holder."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from accounts import queries
from accounts.commands.sessions import end_others
from accounts.domain.norms import norms_on
from accounts.domain.passwords import hash_password, is_password, is_weak
from accounts.errors import AccountNotFound, PasswordWeak, PasswordWrong
from chassis.errors import Place

LANES = 2
HASHERS = ThreadPoolExecutor(LANES, thread_name_prefix="argon2")
"""Argon2 takes memory and a core on purpose; so many run at a time, the others wait in line."""


async def hashed(password: str, *, is_administrator: bool) -> str:
    """Return the hash of ``password``."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(
        HASHERS, lambda: hash_password(password, is_administrator=is_administrator)
    )


async def all_hashed(passwords: Sequence[tuple[str, bool]]) -> list[str]:
    """Return the hashes of many (password, is administrator), never so many in line at once
    that people who sign in meanwhile would wait for all of them."""
    hashes: list[str] = []
    for at in range(0, len(passwords), LANES):
        few = passwords[at : at + LANES]
        hashes += await asyncio.gather(*(hashed(one, is_administrator=top) for one, top in few))
    return hashes


async def matches(password: str, password_hash: str) -> bool:
    """Say whether ``password`` is the one that was hashed."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(HASHERS, is_password, password, password_hash)


async def change_password(
    session: AsyncSession,
    account_id: UUID,
    session_id: UUID | None,
    *,
    current: str,
    new: str,
    now: datetime,
) -> None:
    """Change the holder's own password (Điều 4.4); the holder's other sessions end."""
    account = await queries.account_for_update(session, account_id)
    if account is None:
        raise AccountNotFound
    if not await matches(current, account.password_hash):
        raise PasswordWrong(errors=[Place("/current", "password-wrong")])
    shortest = norms_on(now.date()).shortest_password
    if is_weak(new, username=account.username, shortest=shortest) or new == current:
        raise PasswordWeak(
            shortest=shortest,
            errors=[Place("/new", "password-weak", params={"shortest": shortest})],
        )
    account.change_password(await hashed(new, is_administrator=account.is_administrator), now=now)
    await end_others(session, account.id, but=session_id, now=now)
