"""Where systems sign in (RFC 6749 §4.4, RFC 7523, RFC 8414)."""

import base64
import binascii
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from chassis.clock import Now
from connector_gateway.api.callers import source_of
from connector_gateway.commands import tokens as commands
from connector_gateway.commands.keys import signing_key
from connector_gateway.commands.tokens import ASSERTION_ALGORITHMS, Proof
from connector_gateway.errors.tokens import ClientRefused, TokenRequestInvalid
from connector_gateway.queries import View
from contracts.accounts.v1 import PublicKey

router = APIRouter(tags=["tokens"])
public_router = APIRouter(tags=["tokens"])

TOKEN_PATH = "/api/connector-gateway/v1/token"  # noqa: S105 a path
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
ASKED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"const": "client_credentials"},
                        "client_assertion_type": {"const": JWT_BEARER},
                        "client_assertion": {"type": "string"},
                    },
                }
            }
        },
    }
}


class TokenView(View):
    """An access token and the seconds for which it counts."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 a scheme
    expires_in: int


class KeysView(View):
    """The public keys with which signatures of this service are checked (RFC 7517)."""

    keys: list[PublicKey]


@router.post("/token", openapi_extra=ASKED)
async def issue_token(request: Request, response: Response, now: Now) -> TokenView:
    """Sign in with `grant_type=client_credentials` and a client assertion, or by HTTP Basic.

    401 `client-refused` (an assertion counts once, for at most 60 s; where its key was right,
    `error_description` names the claims that were not), 503 `connection-suspended`,
    403 `connection-revoked`, `ip-not-allowed`.
    """
    settings = request.app.state.settings
    proof = await _proof(request)
    async with request.app.state.database.transaction() as session:
        token = await commands.issue_token(
            session,
            proof,
            signing_key(settings.signing_key_file),
            audiences=frozenset({settings.origin, settings.origin + TOKEN_PATH}),
            life=timedelta(seconds=settings.token_seconds),
            now=now,
        )
    if isinstance(token, ClientRefused):
        raise token  # what the detectors count of it has been committed
    response.headers["Cache-Control"] = "no-store"
    return TokenView(access_token=token, expires_in=settings.token_seconds)


async def _proof(request: Request) -> Proof:
    source = source_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise TokenRequestInvalid(error="invalid_request")
    async with request.form(max_files=0, max_fields=20) as form:
        if form.get("grant_type") != "client_credentials":
            raise TokenRequestInvalid(error="unsupported_grant_type")
        assertion = _text(form, "client_assertion")
        if assertion is None:
            return _basic(request, source)
        if form.get("client_assertion_type") != JWT_BEARER:
            raise TokenRequestInvalid(error="invalid_request")
        return Proof(assertion=assertion, client_id=_text(form, "client_id"), source=source)


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    return value if isinstance(value, str) and value else None


def _basic(request: Request, source: str) -> Proof:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefused(why="no proof")
    try:
        client_id, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as why:
        raise ClientRefused(why="basic") from why
    if not colon:
        raise ClientRefused(why="basic")
    return Proof(client_id=unquote_plus(client_id), secret=unquote_plus(secret), source=source)


@router.get("/jwks.json")
async def show_keys(request: Request) -> KeysView:
    """Return the keys that check access tokens, webhooks and ledger roots (ed25519)."""
    return KeysView(keys=[signing_key(request.app.state.settings.signing_key_file).public])


@public_router.get("/.well-known/oauth-authorization-server")
async def show_metadata(request: Request) -> dict[str, object]:
    """Return where and how systems sign in (RFC 8414)."""
    origin = request.app.state.settings.origin
    return {
        "issuer": origin,
        "token_endpoint": origin + TOKEN_PATH,
        "jwks_uri": f"{origin}/api/connector-gateway/v1/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"],
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "service_documentation": f"{origin}/docs",
    }
