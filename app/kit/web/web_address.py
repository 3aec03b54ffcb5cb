"""Strict parsing of web addresses in settings. Pure. Raises ValueError with a clause."""

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

#: One segment of a path prefix; other characters would need encoding, which proxies handle differently.
_PART = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_EXAMPLE = "it must be a whole address such as https://go.agency.com"


def read(url: str) -> str:
    """A complete URL of Keyturn or a platform: https, or http on this machine."""
    parts = _split(url)
    if parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
        raise ValueError("it must begin with https:// (plain http is taken for this machine alone)")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not name a user or password")
    if "#" in url:
        raise ValueError("it must not have a fragment (#…)")
    return url.rstrip("/") if parts.path == "/" and not parts.query else url


def read_base(url: str) -> str:
    """A base URL: a host and an optional path, without a trailing slash."""
    parts = _split(url)
    if "?" in url:
        raise ValueError("it must not have a query (?…)")
    path = parts.path.removesuffix("/")
    if path and not all(_PART.fullmatch(part) for part in path[1:].split("/")):
        raise ValueError("its path may have letters, digits, - and _ only, such as https://agency.com/keyturn")
    return f"{parts.scheme}://{parts.netloc}{path}"


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult:
    if not url.isascii():
        raise ValueError("it must be plain ASCII; write a host of other letters as xn--…")
    if any(letter <= " " or letter in '\\\x7f"<>' for letter in url):
        raise ValueError("it must not have blanks, backslashes or quotes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(_EXAMPLE) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0 or parts.netloc.endswith(":"):
        raise ValueError(_EXAMPLE)
    return parts


def is_this_machine(host: str) -> bool:
    """True if a host name or address is certainly this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = ip_address(host)
    return address is not None and address.is_loopback


def ip_address(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a host is given by; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def read_proxies(listed: Sequence[str]) -> list[str]:
    """Addresses and networks of reverse proxies; trusting all addresses is refused."""
    networks = []
    for text in listed:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"{text!r} is no address or network such as 10.0.0.0/8") from None
        if network.prefixlen == 0:
            raise ValueError(f"{text} is everybody: anybody could then pretend to be anybody else")
        networks.append(network.with_prefixlen)
    return networks
