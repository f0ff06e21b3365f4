"""Ways in which asking a system for its figures fails (Điều 3.5)."""

from chassis.errors import Conflict, Invalid, NotFound, Unavailable


class PullUnknown(NotFound):
    """The connection's system is not asked for anything."""

    slug = "pull-unknown"


class PullUnfit(Invalid):
    """The parts of a configuration do not fit together; each place is named."""

    slug = "pull-unfit"


class PullReplaced(Conflict):
    """Somebody configured the pull anew, or took the turn over, meanwhile."""

    slug = "pull-replaced"


class PullCredentialLost(Conflict):
    """The credential was sealed with a key that the hub does not have any more."""

    slug = "pull-credential-lost"


class SourceUnreachable(Unavailable):
    """The system that is asked does not answer."""

    slug = "pull-source-unreachable"


class SourceFailed(Unavailable):
    """The system that is asked answers with something else than its figures."""

    slug = "pull-source-failed"


class SourceSignInRefused(Conflict):
    """The system that is asked does not accept the credential."""

    slug = "pull-sign-in-refused"


class HostKeyDiffers(Conflict):
    """The server does not have the host key that was pinned."""

    slug = "pull-host-key-differs"


class SourceRedirects(Conflict):
    """The system that is asked points elsewhere; nobody goes there unasked (SSRF guard)."""

    slug = "pull-source-redirects"


class PagingBroken(Conflict):
    """The next page is one that was read already, or lies with another host."""

    slug = "pull-paging-broken"
