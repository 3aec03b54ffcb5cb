"""Result of a call: the response, or the reason for its absence. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

READ_AT_MOST = 64 * 1024
KEPT_BODY = 16 * 1024
KEPT_HEADERS = 8 * 1024
#: Includes informational responses before the final one.
STARTS_WITHIN = 16 * 1024
_REDACTED = frozenset(
    {
        "set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization", "authentication-info",
        "x-api-key", "x-auth-token", "x-access-token", "x-csrf-token", "x-amz-security-token",
    }
)  # fmt: skip
#: Headers that Keyturn uses itself: kept (cut) even if the others leave no space.
_NEEDED = frozenset({"retry-after", "location"})
_NEEDED_LENGTH = 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)[ \r\n]")


@dataclass(frozen=True)
class Timing:
    """Milliseconds of each phase; None for a skipped one (a reused connection has no connect phase)."""

    dns: int | None = None
    connect: int | None = None
    first_byte: int | None = None
    total: int = 0


@dataclass(frozen=True)
class HttpResult:
    """One HTTP request that was sent, or refused before sending. `status` is None without a response.

    `error` is then one of `blocked_address`, `dns_nxdomain|servfail|empty|timeout|failed`,
    `connect_refused|reset|unreachable|closed|failed|proxy`, `tls_certificate|handshake`, `timeout_connect|answer`,
    `protocol`. `detail` is for the operator's log only: it may name private addresses.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    cut: bool = False
    timing: Timing = Timing()
    address: str | None = None
    tls: str | None = None
    error: str | None = None
    detail: str | None = None


def kept_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header names in lower case, secrets redacted, repeated headers joined; more than 8 KiB is omitted.

    `retry-after` and `location` are always kept, cut to 1 KiB.
    """
    kept: dict[str, str] = {}
    room = KEPT_HEADERS
    for name, value in pairs:
        name = _text(name).lower()
        value = "[redacted]" if name in _REDACTED else _text(value)
        room -= _size(name) + _size(value) + 2
        if room >= 0:
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
        elif name in _NEEDED and name not in kept:
            kept[name] = value[:_NEEDED_LENGTH]
    return kept


def heard_of(start: bytes) -> tuple[int | None, dict[str, str]]:
    """Status and headers of a response that could not be parsed completely, from its first bytes.

    The status is None if it was not received yet; informational responses (1xx) are skipped.
    """
    while (found := _STATUS.match(start)) and found[1].startswith(b"1") and found[1] != b"101":
        start = start.partition(b"\r\n\r\n")[2]
    if not found:
        return None, {}
    whole = start[: start.rfind(b"\r\n")].partition(b"\r\n\r\n")[0]  # without an incomplete last line
    lines = whole.decode("utf-8", "surrogateescape").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return int(found[1]), kept_headers((name.strip(), value.strip()) for name, _, value in pairs)


def redirect_host(headers: Mapping[str, str]) -> str | None:
    """Target of a redirect as host and port; None if it names no host (a relative redirect)."""
    try:
        parts = urlsplit(headers.get("location", ""))
        return f"{parts.hostname}:{parts.port}" if parts.hostname and parts.port else parts.hostname
    except ValueError:
        return None


def kept_body(read: bytes) -> str:
    """The first 16 KiB as text that PostgreSQL can store."""
    return read[:KEPT_BODY].decode("utf-8", "replace").replace("\x00", "")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _text(raw: str) -> str:
    """Header text as parsed by aiohttp (undecodable bytes are surrogates), made storable."""
    if raw.isascii() and "\x00" not in raw:
        return raw
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "")
