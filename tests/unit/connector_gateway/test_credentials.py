"""Client assertions: what RFC 7523 asks for, and nothing that it refuses."""

import pytest

from chassis.identifiers import new_id
from connector_gateway.domain.credentials import (
    Assertion,
    Credential,
    fingerprint,
    new_secret,
)
from connector_gateway.errors.tokens import ClientRefused
from tests.support.exchange import NOON

MOMENT = NOON.timestamp()
AUDIENCES = frozenset({"https://hub/token"})
GOOD = {
    "iss": "qg-tthc",
    "sub": "qg-tthc",
    "aud": "https://hub/token",
    "jti": "0123456789",
    "iat": MOMENT,
    "exp": MOMENT + 60,
}


def test_a_good_assertion_names_its_client_and_its_one_use() -> None:
    assertion = Assertion.of(GOOD, audiences=AUDIENCES, now=NOON)
    assert (assertion.client_id, assertion.jti) == ("qg-tthc", "0123456789")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"aud": "https://other/token"}, id="another audience"),
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"sub": "khac"}, id="issuer is not subject"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"jti": None}, id="no jti"),
        pytest.param({"jti": "x"}, id="jti too short"),
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"exp": "soon"}, id="end is no number"),
        pytest.param({"exp": MOMENT - 10}, id="expired"),
        pytest.param({"exp": MOMENT + 120}, id="lives too long"),
        pytest.param({"iat": MOMENT + 30, "exp": MOMENT + 60}, id="from the future"),
    ],
)
def test_a_wrong_assertion_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ClientRefused):
        Assertion.of(GOOD | wrong, audiences=AUDIENCES, now=NOON)


def test_a_list_of_audiences_may_name_the_hub_among_others() -> None:
    said = GOOD | {"aud": ["https://other", "https://hub/token"]}
    assert Assertion.of(said, audiences=AUDIENCES, now=NOON)


def test_a_secret_has_256_bits_and_only_its_hash_is_kept() -> None:
    secret = new_secret()
    credential = Credential(
        id=new_id(), connection_id=new_id(), secret_sha256=fingerprint(secret), valid_from=NOON
    )
    assert len(secret) == 43
    assert credential.matches(secret)
    assert not credential.matches(secret[:-1])
    assert credential.is_valid(NOON)
