"""Every way connector-gateway says no; the sentences stand in texts.toml."""

from chassis.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)


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


class ReceiptUnknown(NotFound):
    """The connection has no receipt of this id."""

    slug = "receipt-unknown"


class ReceiptUnfinished(Conflict):
    """What became of the delivery is not known yet."""

    slug = "receipt-unfinished"


class DryRunUnavailable(Unavailable):
    """Submissions cannot be asked now; pushes are taken all the same."""

    slug = "dry-run-unavailable"


class CodeMapUnknown(NotFound):
    """The connection has no code map of this version."""

    slug = "code-map-unknown"


class CodeMapTooLarge(TooLarge):
    """More codes than a map may have."""

    slug = "code-map-too-large"


class CodeMapInvalid(Invalid):
    """Lines of the table that say no code; every one is named."""

    slug = "code-map-invalid"


class SuspensionUnknown(NotFound):
    """There is no suspension order of this id."""

    slug = "suspension-unknown"


class CodeTaken(Conflict):
    """Another system or connection has this code."""

    slug = "code-taken"


class TargetNotAllowed(Invalid):
    """A webhook may only go to a public https address (SSRF guard)."""

    slug = "target-not-allowed"


class WebhookRequired(Invalid):
    """An outbound connection needs an address to deliver to."""

    slug = "webhook-required"


class CredentialUnfit(Invalid):
    """A secret too short, or a key that cannot check signatures."""

    slug = "credential-unfit"


class IdempotencyKeyMissing(Invalid):
    """A push without ``Idempotency-Key`` could not be repeated safely."""

    slug = "idempotency-key-missing"


class IdempotencyKeyReused(Invalid):
    """The same key came with another body."""

    slug = "idempotency-key-reused"


class DeliveryTooLarge(TooLarge):
    """More bytes, figures or nesting than a delivery may have."""

    slug = "payload-too-large"


class MediaTypeUnknown(UnsupportedMediaType):
    """Neither JSON, CSV nor XLSX, or an encoding that is neither gzip nor zstd."""

    slug = "delivery-media-type"


class BodyCutOff(Malformed):
    """The body ended before its announced length, or is empty."""

    slug = "body-cut-off"


class EncodingBroken(Malformed):
    """The body does not unpack as its ``Content-Encoding`` says."""

    slug = "encoding-broken"


class JsonUnreadable(Malformed):
    """The body is not JSON."""

    slug = "invalid-json"


class TextInvalid(Invalid):
    """The body is not UTF-8."""

    slug = "invalid-text"


class TokenRequestInvalid(Malformed):
    """The token endpoint was not asked for client credentials (RFC 6749 §4.4)."""

    slug = "token-request-invalid"

    def __init__(self, *, error: str) -> None:
        super().__init__(extra={"error": error})


class ClientRefused(Unauthenticated):
    """The system did not prove who it is."""

    slug = "client-refused"

    def __init__(self, *, why: str) -> None:
        super().__init__(
            why=why,
            extra={"error": "invalid_client"},
            headers={"WWW-Authenticate": 'Basic realm="connector-gateway"'},
        )


class NoticeTooShort(Invalid):
    """Fewer than three full working days between notice and maintenance (Điều 8.2)."""

    slug = "notice-too-short"


class NoticePeriodUnknown(Conflict):
    """The working-day calendar does not reach that far."""

    slug = "calendar-unknown"


class ScopeTooWide(Invalid):
    """A security risk stops the one connection that carries it (Điều 8.1c)."""

    slug = "scope-too-wide"


class ScopeEmpty(NotFound):
    """No connection lies in the scope with one of these directions."""

    slug = "scope-empty"


class ConnectionEssential(Conflict):
    """Operators need this connection themselves: it is not stopped by mistake."""

    slug = "connection-essential"


class EffectiveAtRequired(Invalid):
    """Maintenance is announced for a moment."""

    slug = "effective-at-required"


class EffectiveAtNotAllowed(Invalid):
    """Force majeure and security risks take effect at once."""

    slug = "effective-at-not-allowed"


class EndBeforeStart(Invalid):
    """The expected end lies before the start."""

    slug = "end-before-start"


class ReasonRequired(Invalid):
    """What was held is never discarded in silence."""

    slug = "reason-required"


class OrderNotOpen(Conflict):
    """The order's state does not allow this step."""

    slug = "order-not-open"


class SamePerson(Forbidden):
    """Lifting a suspension for a security risk takes two people."""

    slug = "second-person-required"


class NotTheOwner(Forbidden):
    """Only the owner of the connected system acknowledges (Điều 8.4)."""

    slug = "not-the-owner"
