"""What came back from a call, or why nothing did."""

from collections.abc import Iterable
from dataclasses import dataclass, field

READ_AT_MOST = 64 * 1024
KEPT_BODY = 16 * 1024
KEPT_HEADERS = 8 * 1024
_REDACTED = frozenset({"set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization"})


@dataclass(frozen=True)
class Timing:
    """Milliseconds of each phase; None for one that was not entered (a kept connection has no connect)."""

    dns: int | None = None
    connect: int | None = None
    first_byte: int | None = None
    total: int = 0


@dataclass(frozen=True)
class Answer:
    """One HTTP request that left, or was refused before leaving. `status` is None when no answer came.

    `error` is then one of `blocked_address`, `dns_nxdomain|servfail|empty|timeout|failed`,
    `connect_refused|reset|unreachable|closed|failed`, `tls_certificate|handshake`, `timeout_connect|answer`,
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
    """Names in lower case, secrets redacted, repeated ones joined; what exceeds 8 KiB is left out."""
    kept: dict[str, str] = {}
    room = KEPT_HEADERS
    for name, value in pairs:
        name = _text(name).lower()
        value = "[redacted]" if name in _REDACTED else _text(value)
        room -= len(name.encode()) + len(value.encode()) + 2
        if room < 0:
            break
        kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept


def kept_body(read: bytes) -> str:
    """The first 16 KiB as text that PostgreSQL can store."""
    return read[:KEPT_BODY].decode("utf-8", "replace").replace("\x00", "")


def _text(raw: str) -> str:
    """Header text as parsed by aiohttp (undecodable bytes as surrogates) made storable."""
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "")
