"""Ways to say no about systems, connections, their state and what they may do (Điều 3.5)."""

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable


class Suspended(Unavailable):
    """The connection is stopped on a legal ground (Điều 8.1)."""

    slug = "connection-suspended"


class ConnectionRevoked(Forbidden):
    """The connection has ended for good."""

    slug = "connection-revoked"


class ForeignConnection(Forbidden):
    """The token belongs to another connection, or to a person."""

    slug = "foreign-connection"


class TokenOutdated(Unauthenticated):
    """The token was issued before the last suspension."""

    slug = "token-outdated"


class DirectionNotOffered(Conflict):
    """The connection does not carry this direction."""

    slug = "direction-not-offered"


class MoveNotAllowed(Conflict):
    """A direction cannot go from its state to that one."""

    slug = "move-not-allowed"


class ConnectionUnknown(NotFound):
    """There is no connection of this code."""

    slug = "connection-unknown"


class SystemUnknown(NotFound):
    """There is no system of this code."""

    slug = "system-unknown"


class CodeTaken(Conflict):
    """Another system or connection has this code."""

    slug = "code-taken"


class TargetNotAllowed(Invalid):
    """A webhook may only go to a public https address (SSRF guard)."""

    slug = "target-not-allowed"


class WebhookRequired(Invalid):
    """An outbound connection needs an address to deliver to."""

    slug = "webhook-required"
