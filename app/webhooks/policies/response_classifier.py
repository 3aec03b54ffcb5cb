"""Classification of responses: a code, success, the shortest wait. Pure.

A 4xx of a plain receiver may come from a bad deploy: it is retried (docs/webhooks.md; an ordered one steps aside).
Destinations know the final refusals of their services.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

LONGEST_WAIT = timedelta(hours=24)
_BUSY_WAIT = timedelta(seconds=60)
_NO_WAIT = timedelta()

_NO_CONNECTION = "No connection: the receiver refused it, or its address is not one that Keyturn calls."
#: Explanations of codes that are not an HTTP status.
EXPLAINED = {
    "redirect": "The receiver answered with a redirect; it is not followed. Use the final URL.",
    "gone": "The receiver answered 410: it no longer wants deliveries.",
    "throttled": "The receiver asked us to wait.",
    "blocked_address": _NO_CONNECTION,
    "connect_refused": _NO_CONNECTION,
    "connect_reset": "The receiver reset the connection.",
    "connect_closed": "The receiver closed the connection without a response.",
    "connect_unreachable": "The receiver's network cannot be reached.",
    "connect_failed": "No connection could be made.",
    "connect_proxy": "The outgoing proxy of this installation is not working; its operator has to check it.",
    "tls_certificate": "The receiver's certificate is not valid for this host name.",
    "tls_handshake": "No secure connection could be agreed on; TLS 1.2 or newer is needed.",
    "dns_nxdomain": "The host name does not exist.",
    "dns_servfail": "The name server of this host is failing.",
    "dns_empty": "The host name has no address.",
    "dns_timeout": "The host name could not be resolved in 3 seconds.",
    "dns_failed": "The host name could not be resolved.",
    "timeout_connect": "No connection was made in time.",
    "timeout_answer": "The receiver accepted the request but did not answer in time.",
    "protocol": "The response was not valid HTTP.",
}


#: Scope of a final refusal: this event will never be accepted, others may; or nothing will be accepted any more.
Refusal = Literal["event", "endpoint"]


@dataclass(frozen=True)
class AttemptOutcome:
    """`code` is for programs; `wait` is the least time before the next attempt.

    `ends`: what will never pass, so that it is not tried again: this `event`, or anything to this `endpoint`.
    """

    code: str
    arrived: bool
    explanation: str
    wait: timedelta = _NO_WAIT
    ends: Refusal | None = None


_ARRIVED = {
    status: AttemptOutcome(f"http_{status}", True, f"The receiver answered {status}.") for status in range(200, 300)
}


def classify_response(
    status: int | None, error: str | None, headers: Mapping[str, str], now: datetime
) -> AttemptOutcome:
    """Outcome of a response (`status` and lower-case `headers`), or of its absence (`error`)."""
    if status is None:
        code = error or "connect_failed"
        return AttemptOutcome(code, False, EXPLAINED.get(code, "No answer came."))
    if 200 <= status < 300:
        return _ARRIVED[status]
    if 300 <= status < 400:
        return AttemptOutcome("redirect", False, EXPLAINED["redirect"] + _pointed_to(headers.get("location")))
    if status == 410:
        return AttemptOutcome("gone", False, EXPLAINED["gone"])
    wait = retry_after(headers.get("retry-after"), now) if status in (429, 503) else None
    if wait is not None:
        return AttemptOutcome("throttled", False, EXPLAINED["throttled"], wait)
    least = _BUSY_WAIT if status in (429, 502, 504) else _NO_WAIT
    return AttemptOutcome(f"http_{status}", False, f"The receiver answered {status}.", least)


def _pointed_to(location: str | None) -> str:
    """Host of a redirect, for the log."""
    try:
        host = urlsplit(location or "").hostname
    except ValueError:
        return ""
    return f" It pointed to {host[:253]}." if host else ""


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Wait of a `Retry-After` header (seconds or a date), 0 to 24 h; None without a valid one."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_WAIT.total_seconds()))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, _NO_WAIT), LONGEST_WAIT)


def public_code(code: str) -> str:
    """The code as the agency sees it: blocked looks like refused, or we were a port scanner."""
    return "connect_refused" if code == "blocked_address" else code
