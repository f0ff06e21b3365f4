"""The browser's session: tokens in an encrypted cookie that scripts cannot read.

Any number of portal processes serve one session: nothing is kept on the server but, for seconds,
the outcome of a renewal, so that two requests of one page do not spend one refresh token twice.
"""

import asyncio
import hashlib
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

COOKIE = "__Host-phien"
RENEW_BEFORE = 30
KEEP_RENEWAL = 60.0


@dataclass(frozen=True)
class BrowserSession:
    """Who is signed in, with the tokens that the portal sends on."""

    access_token: str
    refresh_token: str
    ends_at: float
    form_token: str
    """What every form of this session carries, so that no other site can send one."""

    @property
    def is_ending(self) -> bool:
        """Say whether the access token should be renewed before it is used."""
        return time.time() > self.ends_at - RENEW_BEFORE


def begin(tokens: dict[str, Any], form_token: str | None = None) -> BrowserSession:
    """Return the session of fresh tokens."""
    return BrowserSession(
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        ends_at=time.time() + tokens["expires_in"],
        form_token=form_token or secrets.token_urlsafe(24),
    )


class CookieJar:
    """Seals sessions into cookies and opens them again (JWE, A256GCM)."""

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(hashlib.sha256(secret.encode()).digest())

    def seal(self, session: BrowserSession) -> str:
        """Return the cookie's value."""
        header = {"alg": "dir", "enc": "A256GCM"}
        return jwe.encrypt_compact(header, orjson.dumps(asdict(session)), self._key)

    def open(self, value: str | None) -> BrowserSession | None:
        """Read a cookie's value; None where it is absent, foreign or damaged."""
        if not value:
            return None
        try:
            found = jwe.decrypt_compact(value, self._key)
            return BrowserSession(**orjson.loads(found.plaintext or b""))
        except (JoseError, ValueError, TypeError):
            return None


class Renewals:
    """One renewal a refresh token, whoever of this process asks first."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._done: dict[str, tuple[float, BrowserSession | None]] = {}

    async def once(self, session: BrowserSession, renew: Any) -> BrowserSession | None:
        """Return the renewed session; None where it has ended."""
        token = session.refresh_token
        async with self._locks.setdefault(token, asyncio.Lock()):
            self._forget()
            if token not in self._done:
                tokens = await renew(token)
                fresh = begin(tokens, session.form_token) if tokens else None
                self._done[token] = (time.monotonic(), fresh)
            return self._done[token][1]

    def _forget(self) -> None:
        old = time.monotonic() - KEEP_RENEWAL
        for token in [token for token, (at, _) in self._done.items() if at < old]:
            del self._done[token]
            self._locks.pop(token, None)
