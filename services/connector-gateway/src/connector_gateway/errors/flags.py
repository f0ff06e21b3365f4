"""Ways to say no about flags (Điều 8.1c)."""

from chassis.errors import Conflict, NotFound


class FlagUnknown(NotFound):
    """The connection has no flag of this id."""

    slug = "flag-unknown"


class FlagDecided(Conflict):
    """A flag is decided once."""

    slug = "flag-decided"
