"""Ways to say no about what the policy of a connection allows (Điều 3.5)."""

from chassis.errors import Conflict, Forbidden, TooMany, Unauthenticated, UnsupportedMediaType


class IpNotAllowed(Forbidden):
    """The connection may not be used from this address."""

    slug = "ip-not-allowed"


class FormatNotAllowed(UnsupportedMediaType):
    """The hub reads this format, but the connection may not push it."""

    slug = "format-not-allowed"


class QuotaExceeded(TooMany):
    """More deliveries or bytes than the connection may push in its time."""

    slug = "quota-exceeded"


class SignatureRequired(Unauthenticated):
    """The connection must sign its pushes, and this one is not signed (RFC 9421)."""

    slug = "signature-required"


class SignatureInvalid(Unauthenticated):
    """The signature does not hold for this key, address, body and moment."""

    slug = "signature-invalid"


class SigningKeyMissing(Conflict):
    """The connection has no Ed25519 key to sign with."""

    slug = "signing-key-missing"
