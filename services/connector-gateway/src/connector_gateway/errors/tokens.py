"""Ways to say no to whoever asks for a token."""

from chassis.errors import Malformed, Unauthenticated


class TokenRequestInvalid(Malformed):
    """The token endpoint was not asked for client credentials (RFC 6749 §4.4)."""

    slug = "token-request-invalid"

    def __init__(self, *, error: str) -> None:
        super().__init__(extra={"error": error})


class ClientRefused(Unauthenticated):
    """The system did not prove who it is."""

    slug = "client-refused"

    def __init__(self, *, why: str) -> None:
        super().__init__(
            why=why,
            extra={"error": "invalid_client"},
            headers={"WWW-Authenticate": 'Basic realm="connector-gateway"'},
        )
