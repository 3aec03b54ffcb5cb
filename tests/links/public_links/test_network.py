"""From where somebody uses a public link, as it is counted."""

import pytest

from app.kit.encryption import Keyring
from app.links.public_links.signup import hashed_address


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:0:ffff:1:2:3", True),
        ("2600:3c00::f03c:91ff:fe00:1", "2600:3c00::a:b:c:d", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("", "unix", False),
    ],
)
def test_an_ipv6_network_is_one_place_however_it_is_written(keyring: Keyring, one: str, other: str, same: bool) -> None:
    assert (hashed_address(keyring, one) == hashed_address(keyring, other)) is same
