"""The request with which a broker learns and forgets SCRAM users (KIP-554): aiokafka lacks it."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

SCRAM_SHA_512 = 2
ITERATIONS = 8192
"""Rounds of PBKDF2; Kafka asks for 4,096 at least."""
API_KEY = 51
TEXT = CompactString("utf-8")

# The library has no types, so that its classes are Any to mypy; versions end their names as in it.


class AlterUserScramCredentialsResponse_v0(Response):  # type: ignore[misc]  # noqa: N801
    """What became of each user."""

    API_KEY = API_KEY
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", TEXT),
                ("error_code", Int16),
                ("error_message", TEXT),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUserScramCredentialsRequest_v0(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """Users to forget, users to learn."""

    FLEXIBLE_VERSION = True
    API_KEY = API_KEY
    API_VERSION = 0
    RESPONSE_TYPE = AlterUserScramCredentialsResponse_v0
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", TEXT), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


@dataclass
class AlterScramUser(Request[AlterUserScramCredentialsRequest_v0]):  # type: ignore[misc]
    """Learn ``user`` with ``password``, or forget it where there is none."""

    API_KEY = API_KEY

    user: str
    password: str | None = None

    def build(
        self, request_struct_class: type[AlterUserScramCredentialsRequest_v0]
    ) -> AlterUserScramCredentialsRequest_v0:
        """Return what goes over the wire: the broker never sees the password."""
        no_tags: dict[int, Any] = {}
        if self.password is None:
            return request_struct_class([(self.user, SCRAM_SHA_512, no_tags)], [], no_tags)
        salt = secrets.token_bytes(32)
        salted = hashlib.pbkdf2_hmac("sha512", self.password.encode(), salt, ITERATIONS)
        learned = (self.user, SCRAM_SHA_512, ITERATIONS, salt, salted, no_tags)
        return request_struct_class([], [learned], no_tags)
