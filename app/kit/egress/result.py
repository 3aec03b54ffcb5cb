"""What came back from a call, or why nothing did. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

READ_AT_MOST = 64 * 1024
KEPT_BODY = 16 * 1024
KEPT_HEADERS = 8 * 1024
#: Hints that come before an answer included.
STARTS_WITHIN = 16 * 1024
_REDACTED = frozenset(
    {
        "set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization", "authentication-info",
        "x-api-key", "x-auth-token", "x-access-token", "x-csrf-token", "x-amz-security-token",
    }
)  # fmt: skip
#: What our own decisions read: kept (cut) even when the other headers left no room.
_NEEDED = frozenset({"retry-after", "location"})
_NEEDED_LENGTH = 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)[ \r\n]")


@dataclass(frozen=True)
class Timing:
    """Milliseconds of each phase; None for one that was not entered (a kept connection has no connect)."""

    dns: int | None = None
    connect: int | None = None
    first_byte: int | None = None
    total: int = 0


@dataclass(frozen=True)
class HttpResult:
    """One HTTP request that left, or was refused before leaving. `status` is None when no answer came.

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
    """Names in lower case, secrets redacted, repeated ones joined; what exceeds 8 KiB is left out.

    `retry-after` and `location` are kept wherever they stand, cut to 1 KiB there.
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
    """Status and headers of an answer that could not be read to its end, by its first bytes.

    The status is None where none was named yet; hints (1xx) are no answer and are passed over.
    """
    while (found := _STATUS.match(start)) and found[1].startswith(b"1") and found[1] != b"101":
        start = start.partition(b"\r\n\r\n")[2]
    if not found:
        return None, {}
    whole = start[: start.rfind(b"\r\n")].partition(b"\r\n\r\n")[0]  # without a line of which the end is missing
    lines = whole.decode("utf-8", "surrogateescape").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return int(found[1]), kept_headers((name.strip(), value.strip()) for name, _, value in pairs)


def redirect_host(headers: Mapping[str, str]) -> str | None:
    """Where a redirect points to, as host and port; None when it names no host (a relative one stays where it is)."""
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
    """Header text as parsed by aiohttp (undecodable bytes as surrogates) made storable."""
    if raw.isascii() and "\x00" not in raw:
        return raw
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "")
