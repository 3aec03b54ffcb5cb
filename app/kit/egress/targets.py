"""Allowed targets of calls: URLs in normal form, and rules on resolved addresses. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit

import idna

from app.kit.errors import InvalidInput

LONGEST = 2048
PORTS = frozenset({443, 8443, 80, 8080, 8000})
_DEFAULT_PORT = {"https": 443, "http": 80}
_PRIVATE_SUFFIXES = (
    ".local", ".internal", ".localhost", ".home.arpa", ".svc", ".cluster.local", ".localdomain",
)  # fmt: skip
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
#: A last label like these makes resolvers read the whole host as an IPv4 address (0177.0.0.1, 127.1, 0x7f.1).
_NUMERIC_LABEL = re.compile(r"^(\d+|0x[0-9a-f]*)$")
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


@dataclass(frozen=True)
class Rules:
    """The operator's additions: allowed networks, denied networks, and the use of NAT64."""

    allow: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()
    nat64: bool = False


PUBLIC_ONLY = Rules()


class UrlRefused(InvalidInput):
    """The URL must not be called."""

    code = "url_refused"
    detail = "This URL cannot be called from here."
    hint = (
        "Give an https address of a public host, e.g. https://hooks.example.com/keyturn. The operator of "
        "this installation can allow private networks: KEYTURN_EGRESS_ALLOW."
    )


@dataclass(frozen=True)
class Target:
    """A normalized URL. `opened_only`: it may lead only to addresses that the operator allowed."""

    url: str
    scheme: str
    host: str
    port: int
    literal: bool
    opened_only: bool


def check_url(url: str, rules: Rules = PUBLIC_ONLY, own_hosts: Collection[str] = ()) -> str:
    """The normalized URL: IDNA host in lower case, no default port. Raises UrlRefused."""
    return read_url(url, rules, own_hosts).url


def read_url(url: str, rules: Rules = PUBLIC_ONLY, own_hosts: Collection[str] = ()) -> Target:
    """The parts of an allowed URL. Raises UrlRefused with the reason.

    Plain http, other ports, IP literals, `localhost` and single-label names need an allow list, and may then lead only
    into it.
    """
    parts = _split(url)
    host, literal = _host(parts)
    port = _port(parts)
    private = [
        (parts.scheme == "http", "The URL must start with https://."),
        (port not in PORTS, f"Port {port} is not called; use 443, 8443, 80, 8080 or 8000."),
        (literal is not None, "The URL must name a host, not an IP address."),
        (literal is None and "." not in host, "The host name must be a public one, e.g. hooks.example.com."),
    ]
    reason = next((sentence for applies, sentence in private if applies), None)
    if reason and not rules.allow:
        raise _refused(reason)
    if literal is not None and not is_opened(literal, rules):
        raise _refused("The URL must name a host, not an IP address.")
    if host != "localhost" and f".{host}".endswith(_PRIVATE_SUFFIXES):
        raise _refused("The host name belongs to a private network.")
    if literal is None and host != "localhost" and host in own_hosts:
        raise _refused("The URL leads back to Keyturn itself.")
    kept = _join(parts, host, literal, port)
    return Target(kept, parts.scheme, host, port, literal is not None, opened_only=reason is not None)


def is_proxy(url: str) -> bool:
    """True for a valid proxy setting: http://[user:password@]host:port."""
    try:
        parts = urlsplit(url)
        return bool(parts.scheme == "http" and parts.hostname and parts.port and parts.path in ("", "/"))
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST:
        raise _refused(f"The URL is longer than {LONGEST} characters.")
    if _UNPRINTABLE.search(url):
        raise _refused("The URL contains spaces, control characters or backslashes.")
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        raise _refused("The URL cannot be read.") from problem
    if parts.scheme not in _DEFAULT_PORT or not parts.netloc:
        raise _refused("The URL must start with https://.")
    if "@" in parts.netloc:
        raise _refused("The URL must not contain a user name or password; use a header instead.")
    if "#" in url:
        raise _refused("The URL must not contain a fragment (#…).")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as problem:
        raise _refused("The port of the URL is no number from 1 to 65535.") from problem
    if port == 0:
        raise _refused("The port of the URL is no number from 1 to 65535.")
    return _DEFAULT_PORT[parts.scheme] if port is None else port


def _host(parts: SplitResult) -> tuple[str, IPv4Address | IPv6Address | None]:
    """The host in ASCII, and its address if it is an IP literal."""
    try:
        given = parts.hostname or ""
    except ValueError as problem:
        raise _refused("The host of the URL cannot be read.") from problem
    if "[" in parts.netloc:
        return _ipv6_literal(given)
    try:
        # the dot at the end goes after mapping: UTS 46 makes one of "。", and "x.internal。" would pass as no suffix
        host = idna.encode(given, uts46=True).decode().lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError) as problem:
        raise _refused("The host name is not a valid DNS name.") from problem
    if _NUMERIC_LABEL.match(host.rpartition(".")[2]):
        return _ipv4_literal(host)
    if len(host) > 253:
        raise _refused("The host name is not a valid DNS name.")
    return host, None


def _ipv6_literal(text: str) -> tuple[str, IPv6Address]:
    try:
        found = IPv6Address(text)
    except ValueError as problem:
        raise _refused("The host of the URL cannot be read.") from problem
    if found.scope_id is not None:
        raise _refused("The host of the URL must not carry a scope id.")
    return str(found), found


def _ipv4_literal(text: str) -> tuple[str, IPv4Address | IPv6Address]:
    try:
        return text, ip_address(text)
    except ValueError as problem:
        raise _refused("The URL must name a host, not an IP address.") from problem


def _join(parts: SplitResult, host: str, literal: IPv4Address | IPv6Address | None, port: int) -> str:
    shown = f"[{host}]" if isinstance(literal, IPv6Address) else host
    place = "" if port == _DEFAULT_PORT[parts.scheme] else f":{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=-._~?')}" if parts.query else ""
    joined = f"{parts.scheme}://{shown}{place}{path}{query}"
    if len(joined) > LONGEST:
        raise _refused(f"The URL is longer than {LONGEST} characters.")
    return joined


def _refused(reason: str) -> UrlRefused:
    return UrlRefused(reason, fields={"url": reason})


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of an allow list such as `127.0.0.0/8`. Raises ValueError naming the invalid one."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


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
