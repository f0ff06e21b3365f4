"""Ways to say no about keys and secrets of connections."""

from chassis.errors import Conflict, Invalid, NotFound


class CredentialUnfit(Invalid):
    """A secret too short, or a key that cannot check signatures."""

    slug = "credential-unfit"


class CredentialKnown(Conflict):
    """The connection has or had this key."""

    slug = "credential-known"


class CredentialUnknown(NotFound):
    """The connection has no credential of this id."""

    slug = "credential-unknown"


class CredentialEnded(Conflict):
    """The credential counts no more."""

    slug = "credential-ended"
