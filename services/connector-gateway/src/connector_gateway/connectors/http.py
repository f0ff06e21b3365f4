"""Asking a system over HTTP: pages one after another, each only if it is new (ETag, RFC 9110).

The next page is named by ``Link: rel="next"`` (RFC 8288) or by a member of the page. The mark of
a page is its address; the mark ``next`` says where a turn that did not reach the end goes on.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncGenerator, Iterator
from dataclasses import asdict, dataclass, replace

import httpx
import msgspec

from chassis.errors import Refusal
from connector_gateway.connectors.addresses import checked_address
from connector_gateway.connectors.checks import checked, digest_of
from connector_gateway.domain.contents import JSON, LARGEST, media_type
from connector_gateway.domain.sources import Content, Source, Step
from connector_gateway.domain.targets import Target
from connector_gateway.errors.pulls import (
    PagingBroken,
    SourceFailed,
    SourceRedirects,
    SourceSignInRefused,
    SourceUnreachable,
)

NEXT = "next"
PAGE_SECONDS = 60
"""How long a page may take to arrive."""
LONGEST_TAG = 200
MOST_MARKS = 2_000
"""Pages of which a checkpoint remembers what was taken, before those that are gone are dropped."""
MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True)
class Settings:
    """Where to ask; with ``next_member`` pages name the next one in themselves."""

    url: str
    next_member: str | None = None
    most_pages: int = 100


@dataclass(frozen=True)
class PageMark:
    """What is known of a page: its tag, what was read of it last, and which page follows."""

    etag: str = ""
    sha256: str = ""
    next: str | None = None
    taken: int = 0
    """How many times something was read here; tells a page that is put back from a repeat."""

    @classmethod
    def parse(cls, mark: str | None) -> "PageMark":
        """Read a mark; an empty one where there is none."""
        return cls(**json.loads(mark)) if mark else cls()

    def to_text(self) -> str:
        """Return the mark as it is kept."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Page:
    """An answer with what it brought, or nothing where the page is as it was."""

    mark: PageMark
    offered: Content | Refusal | None = None


async def steps(source: Source) -> AsyncGenerator[Step]:
    """Yield page after page; raises what says that the source cannot be asked now."""
    settings = Settings(**source.settings)
    target = Target.parse(settings.url, source.permitted)
    with _told():
        address = await checked_address(target)
    async with httpx.AsyncClient(
        timeout=20, follow_redirects=False, trust_env=False, headers=_headers(source)
    ) as client:
        asking = Asking(client, target, address, settings.next_member)
        async for step in _walk(asking, settings, source):
            yield step


async def _walk(asking: "Asking", settings: Settings, source: Source) -> AsyncGenerator[Step]:
    begins = source.checkpoint.get(NEXT) or settings.url
    url: str | None = begins
    seen: set[str] = set()
    while url and len(seen) < settings.most_pages:
        before = PageMark.parse(source.checkpoint.get(url))
        page = await asking.page(url, before, goes_on=url == begins != settings.url)
        if page is None:  # where the last turn stopped there is nothing any more
            begins = url = settings.url
            continue
        seen.add(url)
        following = page.mark.next
        is_broken = following is not None and (following in seen or not asking.reaches(following))
        yield Step(
            marks={url: page.mark.to_text(), NEXT: None if is_broken else following},
            position=url,
            version=str(page.mark.taken),
            offered=page.offered,
        )
        if source.is_trial:
            return
        if is_broken:
            raise PagingBroken(url=following)
        url = following
    gone = source.checkpoint.keys() - seen - {NEXT}
    if url is None and begins == settings.url and len(source.checkpoint) > MOST_MARKS:
        yield Step(marks=dict.fromkeys(gone))


@dataclass(frozen=True)
class Asking:
    """A client of one server: it calls the address that was checked and no other."""

    client: httpx.AsyncClient
    target: Target
    address: str
    next_member: str | None

    def reaches(self, url: str) -> bool:
        """Say whether a page lies with the same server, so that the credential may go there."""
        try:
            one, other = httpx.URL(url), httpx.URL(self.target.url)
        except httpx.InvalidURL:
            return False
        return (one.scheme, one.netloc) == (other.scheme, other.netloc) and not one.userinfo

    async def page(self, url: str, before: PageMark, *, goes_on: bool) -> Page | None:
        """Read a page unless it is as it was; None where ``goes_on`` and it is gone."""
        with _told():
            async with asyncio.timeout(PAGE_SECONDS):
                response = await self.client.send(self._request(url, before.etag), stream=True)
                try:
                    body = await _body(response)
                finally:
                    await response.aclose()
        if response.status_code == httpx.codes.NOT_MODIFIED and before.etag:
            return Page(before)
        if goes_on and response.status_code in (400, 404, 410):
            return None
        _refuse(response)
        return self._read(url, response, body, before)

    def _request(self, url: str, etag: str) -> httpx.Request:
        called = httpx.URL(url)
        headers = {"host": called.netloc.decode()}
        if etag:
            headers["if-none-match"] = etag
        extensions = {}
        if not self.target.is_private_by_permission:
            extensions["sni_hostname"] = self.target.host
            called = called.copy_with(host=self.address)
        return self.client.build_request("GET", called, headers=headers, extensions=extensions)

    def _read(self, url: str, response: httpx.Response, body: bytes, before: PageMark) -> Page:
        said = _next_link(response)
        offered: Content | Refusal | None = None
        sha256 = before.sha256
        if response.status_code != httpx.codes.NO_CONTENT:
            kind = media_type(response.headers.get("content-type", ""))
            encoding = response.headers.get("content-encoding", "").strip().lower()
            offered = checked(body, kind, encoding.replace("identity", ""))
            if self.next_member and isinstance(offered, Content) and kind == JSON:
                offered, inside = _without(self.next_member, offered)
                said = inside or said
            sha256 = digest_of(body, offered)
        is_new = sha256 != before.sha256
        mark = PageMark(_tag(response), sha256, _joined(url, said), before.taken + is_new)
        return Page(mark, offered if is_new else None)


def _headers(source: Source) -> dict[str, str]:
    said = {
        "user-agent": "reporting-hub/1",
        "accept": "application/json, text/csv, */*;q=0.5",
        "accept-encoding": "gzip, zstd",
    }
    secret = source.credential.get("secret", "")
    match source.credential.get("scheme"):
        case "bearer":
            said["authorization"] = f"Bearer {secret}"
        case "basic":
            pair = f"{source.credential['user']}:{secret}".encode()
            said["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        case "api-key":
            said[source.credential["header"]] = secret
    return said


async def _body(response: httpx.Response) -> bytes:
    """Return what was sent, packed as it came; at most a byte more than is taken."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST:
            break
    return bytes(body[: LARGEST + 1])


def _refuse(response: httpx.Response) -> None:
    status = response.status_code
    if status in (401, 403):
        raise SourceSignInRefused(why=status)
    if response.is_redirect:
        raise SourceRedirects(to=response.headers.get("location", "")[:300])
    if status not in (200, 204):
        raise SourceFailed(why=status)


def _next_link(response: httpx.Response) -> str | None:
    for link in response.links.values():
        if NEXT in link.get("rel", "").lower().split():
            return link.get("url")
    return None


def _without(member: str, page: Content) -> tuple[Content, str | None]:
    """Cut the name of the next page out of a page; everything else stays as it was written."""
    members = MEMBERS.decode(page.body)
    said = members.pop(member, None)
    following = msgspec.json.decode(said) if said is not None else None
    body = msgspec.json.encode(members) if said is not None else page.body
    return replace(page, body=body), following if isinstance(following, str) else None


def _joined(url: str, said: str | None) -> str | None:
    if not said:
        return None
    try:
        return str(httpx.URL(url).join(said))
    except httpx.InvalidURL as why:
        raise PagingBroken(url=said[:300]) from why


def _tag(response: httpx.Response) -> str:
    said: str = response.headers.get("etag", "")
    return said if len(said) <= LONGEST_TAG and said.isascii() and said.isprintable() else ""


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say of what the network does that the source cannot be reached."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as why:
        raise SourceUnreachable(why=type(why).__name__) from why
