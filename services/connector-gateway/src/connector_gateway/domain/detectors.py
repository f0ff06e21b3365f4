"""What watches connections by itself (Điều 8.1c): it flags, and stops only where it may."""

from enum import StrEnum


class Detector(StrEnum):
    """What is watched for; a person decides about what it finds unless the connection says so."""

    BAD_SIGNATURES = "bad-signatures"
    """Proofs of identity that do not hold: signatures and secrets."""
    REPLAYED_NONCE = "replayed-nonce"
    """A ``jti`` that had been used."""
    SCHEMA_ERRORS = "schema-errors"
    """Deliveries of which nothing could be taken."""
    VOLUME = "volume"
    """Far more deliveries an hour than on former days."""
