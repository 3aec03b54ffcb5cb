"""Allowed addresses: rules on resolved addresses, never on their spelling. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Cloud metadata and host agents (AWS, Azure, Google, Oracle, Alibaba): forbidden even where the operator's
#: allow-list covers them. 169.254.0.0/16 is fe80::a9fe:0/112 to OpenStack.
METADATA: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "fd00:ec2::/32", "fd20:ce::254", "fd00:c1::/32", "fe80::a9fe:0/112",
    )
)  # fmt: skip
#: Public by the registry's letter, yet no place for a receiver: IETF protocols, 6to4 relays, Azure's agent.
_IPV4_OUT = tuple(IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
_IPV6_IN = IPv6Network("2000::/3")
#: Teredo, ORCHID and other IETF protocols; documentation; 6to4; documentation again.
_IPV6_OUT = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_TEREDO = IPv6Network("2001::/32")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of an allow list such as `127.0.0.0/8`. Raises ValueError naming the invalid one."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


@dataclass(frozen=True)
class Rules:
    """The operator's additions: allowed networks, denied networks, and the use of NAT64."""

    allow: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()
    nat64: bool = False


PUBLIC_ONLY = Rules()


def is_forbidden(address: str | Address, rules: Rules = PUBLIC_ONLY) -> bool:
    """True if this address must not be called."""
    return forbidden_by(address, rules) is not None


def is_opened(address: str | Address, rules: Rules) -> bool:
    """True if the operator's allow list covers this address, and it is neither metadata nor denied."""
    found = _read(address, rules.nat64)
    return found is not None and _never(found, rules) is None and _covers(rules.allow, found)


def forbidden_by(address: str | Address, rules: Rules = PUBLIC_ONLY) -> str | None:
    """The rule that forbids this address (`unreadable`, `metadata`, `denied`, `ipv4`, `ipv6`), or None."""
    found = _read(address, rules.nat64)
    if found is None:
        return "unreadable"
    never = _never(found, rules)
    if never or _covers(rules.allow, found):
        return never
    if isinstance(found, IPv4Address):
        return None if _is_public_v4(found) else "ipv4"
    return None if _is_public_v6(found) else "ipv6"


def _read(address: str | Address, nat64: bool) -> Address | None:
    """The address, with IPv4-mapped and local NAT64 addresses as IPv4; None for invalid and scoped ones."""
    try:
        found = ip_address(address) if isinstance(address, str) else address
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return None
        if nat64 and found in _NAT64:
            return IPv4Address(int(found) & 0xFFFFFFFF)
        return found.ipv4_mapped or found
    return found


def _never(address: Address, rules: Rules) -> str | None:
    """The rule that no allow list overrides."""
    hidden = _hidden_in(address)
    if any(_covers(METADATA, candidate) for candidate in hidden):
        return "metadata"
    return "denied" if any(_covers(rules.deny, candidate) for candidate in hidden) else None


def _hidden_in(address: Address) -> list[Address]:
    """The address itself and the IPv4 addresses that a translator or tunnel could extract from it."""
    if isinstance(address, IPv4Address):
        return [address]
    bits = int(address)
    last = IPv4Address(bits & 0xFFFFFFFF)
    if address in _LOCAL_NAT64:  # RFC 6052, 2.2: after a prefix of 48, 56, 64 or 96 bits, around the `u` octet
        six = IPv4Address((bits >> 64 & 0xFFFF) << 16 | (bits >> 40 & 0xFFFF))
        seven = IPv4Address((bits >> 64 & 0xFF) << 24 | (bits >> 32 & 0xFFFFFF))
        return [address, last, six, seven, IPv4Address(bits >> 24 & 0xFFFFFFFF)]
    if any(address in network for network in (_NAT64, _IPV4_COMPATIBLE, _TRANSLATED)) or _is_isatap(bits):
        return [address, last]
    if address in _SIX_TO_FOUR:
        return [address, IPv4Address((bits >> 80) & 0xFFFFFFFF)]
    if address in _TEREDO:  # the client's address is the last one, inverted; the server's stands before it
        return [address, IPv4Address(~bits & 0xFFFFFFFF), IPv4Address((bits >> 64) & 0xFFFFFFFF)]
    return [address]


def _is_isatap(bits: int) -> bool:
    """Interface ids ::5efe:a.b.c.d and ::200:5efe:a.b.c.d below any prefix (RFC 5214, 6.1)."""
    return (bits >> 32) & 0xFFFFFFFF in (0x00005EFE, 0x02005EFE)


def _covers(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not _covers(_IPV4_OUT, address)


def _is_public_v6(address: IPv6Address) -> bool:
    """True inside 2000::/3: NAT64, SIIT, ISATAP, site-local, ULA, link-local and multicast are outside."""
    return address in _IPV6_IN and address.is_global and not _covers(_IPV6_OUT, address)
