"""Ways to say no about what goes out: the delivery log, sending anew, documents (Điều 7.4)."""

from chassis.errors import Conflict, Invalid, NotFound, Unavailable


class DispatchUnknown(NotFound):
    """The connection has no dispatch of this id."""

    slug = "dispatch-unknown"


class DispatchUnderWay(Conflict):
    """It is being sent, or held by a suspension: there is nothing to send anew."""

    slug = "dispatch-under-way"


class RangeTooLarge(Invalid):
    """More dispatches than one act may send anew."""

    slug = "range-too-large"


class DocumentUnknown(NotFound):
    """The dispatch carries no forwarded report."""

    slug = "document-unknown"


class DocumentUnavailable(Unavailable):
    """The forwarded document cannot be fetched now, or is not the one that was forwarded."""

    slug = "document-unavailable"
