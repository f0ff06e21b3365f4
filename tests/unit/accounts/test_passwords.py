"""Which passwords will not do, and what they cost to check."""

import pytest

from accounts.domain.passwords import NOBODY, hash_password, is_password, is_weak


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("mưa nguồn suối lũ 26", False),
        ("kHh3_x9-QeLz7WfTtR2vNb1a", False),
        ("mười bốn ký tự", True),
        ("aaaaaaaaaaaaaaaaaaaa", True),
        ("matkhau123456789", True),
        ("MatKhauBaoCao2026", True),
        ("nguyen.van.bo.2026", True),
    ],
)
def test_a_password_is_long_and_not_what_everybody_tries(password: str, weak: bool) -> None:
    assert is_weak(password, username="nguyen.van.bo", shortest=15) is weak


def test_a_password_is_known_by_its_hash_alone() -> None:
    kept = hash_password("mưa nguồn suối lũ 26", is_administrator=False)
    assert is_password("mưa nguồn suối lũ 26", kept)
    assert not is_password("mưa nguồn suối lũ 27", kept)
    assert kept != hash_password("mưa nguồn suối lũ 26", is_administrator=False)


def test_an_unknown_user_costs_as_much_as_a_known_one() -> None:
    parameters = "$argon2id$v=19$m=19456,t=2,p=1$"
    assert NOBODY.startswith(parameters)
    assert hash_password("…", is_administrator=False).startswith(parameters)


def test_an_administrators_hash_costs_more() -> None:
    kept = hash_password("…", is_administrator=True)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
