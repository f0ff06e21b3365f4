"""Passwords: hashed with Argon2id at a cost that fits the account's rights (OWASP ASVS 5.0)."""

import secrets
from functools import cache
from importlib import resources

from pwdlib.hashers.argon2 import Argon2Hasher

USER = Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
ADMINISTRATOR = Argon2Hasher(memory_cost=64 * 1024, time_cost=3, parallelism=1)
NOBODY = USER.hash(secrets.token_urlsafe(32))
"""What the try of an unknown user is checked against, so that it works as hard as a known one's."""
DIFFERENT_LETTERS = 5


def hash_password(password: str, *, is_administrator: bool) -> str:
    """Return the hash under which a password is kept; 25 ms of a core (administrators 140 ms)."""
    return (ADMINISTRATOR if is_administrator else USER).hash(password)


def is_password(password: str, password_hash: str) -> bool:
    """Say whether ``password`` is the one that was hashed."""
    return USER.verify(password, password_hash)


def is_weak(password: str, *, username: str, shortest: int) -> bool:
    """Say whether a password is too short, or little more than words that everybody tries.

    >>> is_weak("matkhau123456789", username="can-bo", shortest=15)
    True
    """
    rest = password.casefold()
    for word in (*_tried_first(), username.casefold()):
        rest = rest.replace(word, "")
    return len(password) < shortest or len(set(rest)) < DIFFERENT_LETTERS


@cache
def _tried_first() -> tuple[str, ...]:
    """Return the words that everybody tries, the longest first."""
    text = resources.files("accounts").joinpath("weak-passwords.txt").read_text(encoding="utf-8")
    return tuple(sorted(text.split(), key=len, reverse=True))
