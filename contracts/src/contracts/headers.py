"""The headers in which a message says what it is: CloudEvents 1.0 in binary mode on Kafka."""

SPEC_VERSION = "1.0"

REQUIRED = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time")
"""Headers without which a record is no message of the hub."""


def header_name(field: str) -> str:
    """Return the header of a fact: names of CloudEvents extensions are lower-case letters only.

    >>> header_name("receipt_id")
    'ce_receiptid'
    """
    return f"ce_{field.replace('_', '')}"
