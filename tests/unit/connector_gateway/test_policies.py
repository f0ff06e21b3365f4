"""Policies: what is kept is what is read, and which addresses a network has."""

import pytest

from connector_gateway.domain.contents import CSV, JSON
from connector_gateway.domain.policies import NOTHING_FORBIDDEN, Format, Policy, Signing, network
from connector_gateway.domain.quotas import Quota
from connector_gateway.errors.policies import FormatNotAllowed, IpNotAllowed

POLICY = Policy(
    formats=(Format.JSON,),
    networks=["203.0.113.0/24", "2001:db8::/32"],
    quota=Quota(deliveries_per_minute=60, bytes_per_day=10_000_000),
    signed=Signing.REQUIRED,
)


def test_a_policy_reads_as_it_was_written() -> None:
    assert Policy.from_text(POLICY.to_text()) == POLICY
    assert Policy.from_text(None) is NOTHING_FORBIDDEN


@pytest.mark.parametrize("address", ["203.0.113.0", "203.0.113.255", "2001:db8::1"])
def test_an_address_of_a_network_is_let_in(address: str) -> None:
    POLICY.refuse_source(address)


def test_an_ipv4_address_in_the_dress_of_ipv6_is_itself() -> None:
    POLICY.refuse_source("::ffff:203.0.113.7")


@pytest.mark.parametrize(
    "address", ["203.0.112.255", "2001:db9::1", "::ffff:203.0.114.1", "", "gateway", "203.0.113.7,"]
)
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(IpNotAllowed):
        POLICY.refuse_source(address)


def test_without_networks_every_address_is_let_in() -> None:
    NOTHING_FORBIDDEN.refuse_source("")


def test_a_format_that_is_not_named_is_refused() -> None:
    POLICY.refuse_format(JSON)
    with pytest.raises(FormatNotAllowed):
        POLICY.refuse_format(CSV)


@pytest.mark.parametrize("said", ["203.0.113.7/24", "203.0.113", "::/129", "x", ""])
def test_what_is_no_network_is_none(said: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        network(said)
