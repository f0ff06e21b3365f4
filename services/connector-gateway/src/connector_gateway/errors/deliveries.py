"""Ways to say no to what is pushed, and about receipts (Điều 3.5)."""

from chassis.errors import (
    Conflict,
    Invalid,
    Malformed,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)


class ReceiptUnknown(NotFound):
    """The connection has no receipt of this id."""

    slug = "receipt-unknown"


class ReceiptUnfinished(Conflict):
    """What became of the delivery is not known yet."""

    slug = "receipt-unfinished"


class DryRunUnavailable(Unavailable):
    """Submissions cannot be asked now; pushes are taken all the same."""

    slug = "dry-run-unavailable"


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


class WorkbookHasMacros(UnsupportedMediaType):
    """A workbook that carries programs; the hub takes figures alone."""

    slug = "workbook-has-macros"


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
