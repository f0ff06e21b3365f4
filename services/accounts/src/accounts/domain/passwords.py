"""Passwords: hashed with Argon2id at a cost that fits the account's rights (OWASP ASVS 5.0)."""

from pwdlib.hashers.argon2 import Argon2Hasher

USER = Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
ADMINISTRATOR = Argon2Hasher(memory_cost=64 * 1024, time_cost=3, parallelism=1)
NOBODY = USER.hash("không ai có mật khẩu này")
"""What an unknown user's try is checked against, so that it takes as long as a known one's."""
SHORTEST = 15
COMMON = frozenset({"matkhau", "password", "baocao", "bacgiang", "123456789", "qwertyuiop"})


def hash_password(password: str, *, is_administrator: bool) -> str:
    """Return the hash under which a password is kept; about 25 ms of one core (users)."""
    return (ADMINISTRATOR if is_administrator else USER).hash(password)


def is_password(password: str, password_hash: str) -> bool:
    """Say whether ``password`` is the one that was hashed."""
    return USER.verify(password, password_hash)


def is_weak(password: str, *, username: str) -> bool:
    """Say whether a password is too short or made of words that everybody tries."""
    folded = password.casefold()
    for word in (*COMMON, username.casefold()):
        folded = folded.replace(word, "")
    return len(password) < SHORTEST or len(set(folded)) < 5
