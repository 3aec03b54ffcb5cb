"""URLs that may be called, and their normalized form. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, quote, urlsplit

import idna

from app.kit.egress.ip_ranges import PUBLIC_ONLY, Rules, is_opened
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


class UrlRefused(InvalidInput):
    """The URL must not be called."""

    code = "url_refused"
    detail = "This URL cannot be called from here."
    hint = (
        "Give an https address of a public host, e.g. https://hooks.example.com/keyturn. Whoever runs this "
        "installation can allow private networks: KEYTURN_EGRESS_ALLOW."
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
