"""Every way accounts says no; the Vietnamese sentences stand in ``texts.toml``."""

from chassis.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated


class SignInRefused(Unauthenticated):
    """User name or password is wrong, or the account is locked: the same answer for all."""

    slug = "sign-in-refused"


class SignInThrottled(TooMany):
    """Five failures or more: the next try has to wait, longer each time."""

    slug = "sign-in-throttled"


class SessionEnded(Unauthenticated):
    """The refresh token is unknown, spent or of a session that has ended."""

    slug = "session-ended"


class AgenciesUnsound(Invalid):
    """A list of agencies contradicts itself or what stands; every place is named."""

    slug = "agencies-unsound"


class AgencyUnknown(Invalid):
    """An agency is named that has not been opened."""

    slug = "agency-unknown"


class AgencyDiffers(Conflict):
    """An agency of that code stands already with other facts."""

    slug = "agency-differs"


class AgencyNotFound(NotFound):
    """No agency has that code."""

    slug = "agency-not-found"


class AccountNotFound(NotFound):
    """No account has that id."""

    slug = "account-not-found"


class UsernameTaken(Conflict):
    """A user name of the list is taken, or stands in it twice."""

    slug = "username-taken"


class RequestRequired(Invalid):
    """An account changes only on a written request of an agency (Điều 4.1, 4.2)."""

    slug = "written-request-required"


class RequestImpossible(Invalid):
    """The written request asks for something else, or its days cannot be."""

    slug = "written-request-impossible"


class RequestDiffers(Conflict):
    """A request of that number stands already with another receipt or reason."""

    slug = "written-request-differs"


class AccountAlreadyLocked(Conflict):
    """The account is locked already."""

    slug = "account-already-locked"


class PasswordWeak(Invalid):
    """A password is too short, a word everybody tries, or the old one again."""

    slug = "password-weak"


class PasswordWrong(Invalid):
    """The current password is not this one."""

    slug = "password-wrong"
