"""Ways to say no about what the codes of another system mean."""

from chassis.errors import Invalid, NotFound, TooLarge


class CodeMapUnknown(NotFound):
    """The connection has no code map of this version."""

    slug = "code-map-unknown"


class CodeMapTooLarge(TooLarge):
    """More codes than a map may have."""

    slug = "code-map-too-large"


class CodeMapInvalid(Invalid):
    """Lines of the table that say no code; every one is named."""

    slug = "code-map-invalid"
