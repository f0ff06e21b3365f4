"""Ways to say no about requests for a connection account (NĐ 194/2025 Điều 40.3)."""

from chassis.errors import Conflict, Invalid, NotFound


class ConnectionRequestUnknown(NotFound):
    """There is no request of this id."""

    slug = "connection-request-unknown"


class ConnectionRequestKnown(Conflict):
    """This document of this agency has been recorded already."""

    slug = "connection-request-known"


class ConnectionRequestDecided(Conflict):
    """A request is answered once."""

    slug = "connection-request-decided"


class ConnectionRequestImpossible(Invalid):
    """What is said of the document cannot be true."""

    slug = "connection-request-impossible"


class GrantedMoreThanAsked(Invalid):
    """A connection is opened for what was asked, or for less."""

    slug = "granted-more-than-asked"


class SystemOfAnotherOwner(Conflict):
    """The system of this code belongs to another agency than the request says."""

    slug = "system-of-another-owner"
