"""Which addresses a call may go to: a rule over what a name resolved to, never over its spelling."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Cloud metadata and host agents: forbidden even where the operator's allow-list covers them.
METADATA: tuple[Network, ...] = tuple(
    ip_network(text) for text in ("169.254.0.0/16", "100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
#: Public by the registry's letter, yet no place for a receiver: IETF protocols, 6to4 relays, Azure's agent.
_IPV4_OUT = tuple(IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
_IPV6_IN = IPv6Network("2000::/3")
#: Teredo, ORCHID and other IETF protocols; documentation; 6to4; documentation again.
_IPV6_OUT = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of an allow-list such as `127.0.0.0/8`. Raises ValueError naming the wrong one."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


def is_forbidden(address: str | Address, allow: Sequence[Network] = ()) -> bool:
    """Whether no call may go to this address; `allow` are the networks the operator opened."""
    return forbidden_by(address, allow) is not None


def is_opened(address: str | Address, allow: Sequence[Network]) -> bool:
    """Whether the operator's allow-list covers this address and it is no metadata address."""
    found = _read(address)
    return found is not None and not _is_metadata(found) and _covers(allow, found)


def forbidden_by(address: str | Address, allow: Sequence[Network] = ()) -> str | None:
    """The rule against this address (`unreadable`, `metadata`, `ipv4`, `ipv6`), or None."""
    found = _read(address)
    if found is None:
        return "unreadable"
    if _is_metadata(found):
        return "metadata"
    if _covers(allow, found):
        return None
    if isinstance(found, IPv4Address):
        return None if _is_public_v4(found) else "ipv4"
    return None if _is_public_v6(found) else "ipv6"


def _read(address: str | Address) -> Address | None:
    """The address, an IPv4-mapped one as IPv4; None for what is none and for scoped ones."""
    try:
        found = ip_address(address) if isinstance(address, str) else address
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return None
        return found.ipv4_mapped or found
    return found


def _is_metadata(address: Address) -> bool:
    return any(candidate in network for candidate in _hidden_in(address) for network in METADATA)


def _hidden_in(address: Address) -> list[Address]:
    """The address itself and the IPv4 address that a translator on the way would take out of it."""
    if isinstance(address, IPv4Address):
        return [address]
    bits = int(address)
    if any(address in network for network in (_NAT64, _IPV4_COMPATIBLE, _TRANSLATED)):
        return [address, IPv4Address(bits & 0xFFFFFFFF)]
    if address in _SIX_TO_FOUR:
        return [address, IPv4Address((bits >> 80) & 0xFFFFFFFF)]
    return [address]


def _covers(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not _covers(_IPV4_OUT, address)


def _is_public_v6(address: IPv6Address) -> bool:
    """Inside 2000::/3 only: NAT64, SIIT, ISATAP, site-local, ULA, link-local and multicast lie outside it."""
    return address in _IPV6_IN and address.is_global and not _covers(_IPV6_OUT, address)
