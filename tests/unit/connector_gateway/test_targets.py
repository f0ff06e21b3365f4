"""Where webhooks may go: nothing private unless it is permitted by name (SSRF guard)."""

import pytest

from connector_gateway.domain.targets import Target, is_public
from connector_gateway.errors.connections import TargetNotAllowed

PERMITTED = frozenset({"127.0.0.1:18390"})


@pytest.mark.parametrize(
    "url",
    [
        "http://nhan.example.vn/hook",
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://10.0.0.7/hook",
        "https://192.168.1.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[fd00::1]/hook",
        "https://100.64.0.1/hook",
        "https://0.0.0.0/hook",
        "https://224.0.0.1/hook",
        "https://may-chu.internal/hook",
        "https://may.localhost/hook",
        "https://nguoi@nhan.example.vn/hook",
        "https://nhan.example.vn:99999/hook",
        "ftp://nhan.example.vn/hook",
        "http://127.0.0.1:18391/hook",
        "//nhan.example.vn/hook",
        "",
    ],
)
def test_a_private_or_plain_target_is_refused(url: str) -> None:
    with pytest.raises(TargetNotAllowed):
        Target.parse(url, PERMITTED)


@pytest.mark.parametrize(
    "url",
    [
        "https://nhan.example.vn/hook",
        "https://nhan.example.vn:8443/hook?x=1",
        "https://1.1.1.1/hook",
        "http://127.0.0.1:18390/hook",
    ],
)
def test_a_public_or_permitted_target_is_taken(url: str) -> None:
    assert Target.parse(url, PERMITTED).url == url


def test_only_the_permitted_address_may_be_private() -> None:
    assert Target.parse("http://127.0.0.1:18390/hook", PERMITTED).is_private_by_permission
    assert not Target.parse("https://nhan.example.vn/hook", PERMITTED).is_private_by_permission


@pytest.mark.parametrize(
    ("address", "is_so"), [("8.8.8.8", True), ("10.1.2.3", False), ("::ffff:127.0.0.1", False)]
)
def test_an_address_is_public_or_not(address: str, is_so: bool) -> None:
    assert is_public(address) is is_so
