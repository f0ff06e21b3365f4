"""Ways to say no about what the policy of a connection allows (Điều 3.5)."""

from chassis.errors import Forbidden, TooMany, UnsupportedMediaType


class IpNotAllowed(Forbidden):
    """The connection may not be used from this address."""

    slug = "ip-not-allowed"


class FormatNotAllowed(UnsupportedMediaType):
    """The hub reads this format, but the connection may not push it."""

    slug = "format-not-allowed"


class QuotaExceeded(TooMany):
    """More deliveries or bytes than the connection may push in its time."""

    slug = "quota-exceeded"
