"""The door for JSON bodies: media type, size and UTF-8 are looked at before anything is parsed."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import Malformed, Place, Refusal, TooLarge, UnsupportedMediaType
from chassis.problems import Texts, answer

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
API = "/api/"
"""Forms of public pages come from browsers, not as JSON; their doors read them themselves."""


class JsonDoor:
    """Let in JSON in UTF-8 (Điều 3.4) of at most ``most_bytes``; answer anything else itself.

    Without it a parser would guess other encodings from the bytes, read a body of any size whole,
    and call another media type an empty body.
    """

    def __init__(self, app: ASGIApp, *, texts: Texts, most_bytes: int) -> None:
        self._app = app
        self._texts = texts
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, then pass it on, or refuse it as a problem (413, 415, 400)."""
        is_for_people = not scope.get("path", "").startswith(API)
        if scope["type"] != "http" or scope["method"] not in WITH_BODY or is_for_people:
            await self._app(scope, receive, send)
            return
        try:
            messages = await self._read(Headers(scope=scope), receive)
        except Refusal as why:
            await answer(self._texts, why)(scope, receive, send)
            return

        async def again() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, again, send)

    async def _read(self, headers: Headers, receive: Receive) -> list[Message]:
        if int(headers.get("content-length", "0")) > self._most:
            raise TooLarge
        messages: list[Message] = []
        body = bytearray()
        while not messages or messages[-1].get("more_body"):
            message = await receive()
            messages.append(message)
            body += message.get("body", b"")
            if len(body) > self._most:
                raise TooLarge
        if body:
            _must_be_json(headers.get("content-type", ""), bytes(body))
        return messages


def _must_be_json(content_type: str, body: bytes) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise UnsupportedMediaType
    try:
        text = body.decode()
    except UnicodeDecodeError as why:
        raise Malformed(errors=[Place("", "invalid-text")]) from why
    if "\0" in text:
        raise Malformed(errors=[Place("", "invalid-json")])
