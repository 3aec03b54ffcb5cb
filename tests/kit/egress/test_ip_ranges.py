"""Which addresses may be called: the lists of WEBHOOKS 9, of Svix, Hook0 and smokescreen, and properties."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.egress.targets import Rules, forbidden_by, is_forbidden, is_opened, read_networks

FORBIDDEN = [
    # plain private, shared, loopback, link-local, documentation, benchmark, reserved, broadcast
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254",
    "127.0.0.1", "127.1.2.3",
    "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9",
    "192.0.0.170", "192.0.2.1",
    "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "240.0.0.1",
    "255.255.255.255",
    # what ipaddress calls global
    "224.0.0.1", "239.1.1.1", "192.88.99.1", "168.63.129.16",
    # metadata
    "169.254.169.254", "100.100.100.200", "fd00:ec2::254",
    # IPv6: loopback, unspecified, link-local, unique local, multicast, documentation, discard
    "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "ff0e::1", "2001:db8::1",
    "3fff::1", "100::1",
    # IPv4 in disguise: mapped, compatible, SIIT, NAT64 (both), 6to4, Teredo, ORCHID, ISATAP
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",
    "::127.0.0.1", "::7f00:1",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8", "64:ff9b:1::7f00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1",
    "2001:20::1", "::5efe:7f00:1", "fe80::5efe:10.0.0.1", "fec0::1", "5f00::1", "4000::1", "8000::1",
    # scope ids, and what is no address
    "fe80::1%eth0", "2606:4700:4700::1111%eth0", "::1%lo", "0177.0.0.1", "2130706433", "127.1",
    "0x7f.1", "①27.0.0.1",
    "", "localhost", "1.2.3.4.5", "010.0.0.1",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "192.0.1.1",
    "192.169.0.1", "100.63.255.255",
    "100.128.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "169.253.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "2400:cb00::1",
]  # fmt: skip

METADATA = [
    "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::169.254.169.254", "::ffff:0:169.254.169.254",
    "192.0.0.192", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fe80::a9fe:a9fe",
    # behind a NAT64 prefix of our own (48, 56, 64 and 96 bits), ISATAP, Teredo's client and server
    "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:0:a9:fea9:fe00:0", "64:ff9b:1::a9fe:a9fe",
    "2a00::5efe:a9fe:a9fe", "2a00::200:5efe:169.254.169.254", "2001:0:1:2:8000:1:5601:5601", "2001:0:a9fe:a9fe::1",
]  # fmt: skip

EVERYTHING = Rules(allow=read_networks(["0.0.0.0/0", "::/0"]))


@pytest.mark.parametrize("address", FORBIDDEN)
def test_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert not is_forbidden(address)
    assert not is_opened(address, Rules())


@pytest.mark.parametrize("address", METADATA)
def test_metadata_is_forbidden_even_when_everything_is_opened(address: str) -> None:
    assert forbidden_by(address, EVERYTHING) == "metadata"
    assert not is_opened(address, EVERYTHING)


def test_an_opened_network_opens_itself_alone() -> None:
    allow = Rules(read_networks(["10.1.0.0/16", " fd12::/16 ", ""]))
    assert not is_forbidden("10.1.2.3", allow)
    assert not is_forbidden("::ffff:10.1.2.3", allow)
    assert not is_forbidden("fd12::1", allow)
    assert is_forbidden("10.2.0.1", allow)
    assert is_forbidden("fd13::1", allow)
    assert is_opened("10.1.2.3", allow)
    assert not is_opened("8.8.8.8", allow)


def test_a_scope_id_is_refused_although_the_network_is_opened() -> None:
    assert is_forbidden("fe80::1%eth0", EVERYTHING)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        read_networks(["10.0.0.0/99"])


def test_a_closed_network_is_closed_whatever_is_opened() -> None:
    rules = Rules(allow=read_networks(["8.8.0.0/16"]), deny=read_networks(["8.8.8.0/24", "2a00:1450::/32"]))
    for address in ("8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2a00:1450::1"):
        assert forbidden_by(address, rules) == "denied"
        assert not is_opened(address, rules)
    assert not is_forbidden("8.8.4.4", rules)
    assert is_opened("8.8.4.4", rules)


def test_behind_nat64_the_ipv4_address_is_judged_where_the_instance_says_it_uses_it() -> None:
    nat64 = Rules(allow=read_networks(["10.1.0.0/16"]), nat64=True)
    assert not is_forbidden("64:ff9b::8.8.8.8", nat64)
    assert is_opened("64:ff9b::10.1.0.1", nat64)
    assert forbidden_by("64:ff9b::127.0.0.1", nat64) == "ipv4"
    assert forbidden_by("64:ff9b::169.254.169.254", nat64) == "metadata"
    assert is_forbidden("64:ff9b:1::8.8.8.8", nat64)
    assert is_forbidden("64:ff9b::8.8.8.8")


@given(st.ip_addresses(v=4))
def test_with_nat64_too_an_embedded_address_is_judged_as_the_ipv4_address(address: IPv4Address) -> None:
    assert is_forbidden(f"64:ff9b::{address}", Rules(nat64=True)) == is_forbidden(address)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_ipv4_address(address: IPv4Address) -> None:
    assert is_forbidden(f"::ffff:{address}") == is_forbidden(address)


@given(st.ip_addresses(v=4))
def test_no_translation_prefix_reaches_an_ipv4_address(address: IPv4Address) -> None:
    bits = int(address)
    for disguised in (0x64FF9B << 96 | bits, 0x2002 << 112 | bits << 80, bits, 0xFFFF << 48 | bits):
        if disguised >> 32 != 0xFFFF:
            assert is_forbidden(IPv6Address(disguised))


@given(st.ip_addresses())
def test_what_is_not_global_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        assert is_forbidden(address)
