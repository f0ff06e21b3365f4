"""Ways to say no to whoever asks for a token."""

from chassis.errors import Malformed, Unauthenticated


class TokenRequestInvalid(Malformed):
    """The token endpoint was not asked for client credentials (RFC 6749 §4.4)."""

    slug = "token-request-invalid"

    def __init__(self, *, error: str) -> None:
        super().__init__(extra={"error": error})


class ClientRefused(Unauthenticated):
    """The system did not prove who it is.

    ``claims`` are those of an assertion that do not do although its key was right: only then the
    caller is told more than that, in the words of RFC 6749 §5.2, which OAuth libraries show.
    """

    slug = "client-refused"

    def __init__(self, *, why: str = "claims", claims: str | None = None) -> None:
        told = {"error_description": claims} if claims else {}
        super().__init__(
            why=why,
            extra={"error": "invalid_client", **told},
            headers={"WWW-Authenticate": 'Basic realm="connector-gateway"'},
        )
