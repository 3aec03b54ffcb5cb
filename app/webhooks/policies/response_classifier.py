"""Classification of responses: a code, success, the shortest wait, and final refusals by destination. Pure."""

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
#: What the codes mean that are not an HTTP status of their own.
EXPLAINED = {
    "redirect": "The receiver answered with a redirect; it is not followed. Use the final URL.",
    "gone": "The receiver answered 410: it no longer wants deliveries.",
    "throttled": "The receiver asked us to wait.",
    "blocked_address": _NO_CONNECTION,
    "connect_refused": _NO_CONNECTION,
    "connect_reset": "The connection was cut by the other side.",
    "connect_closed": "The receiver closed the connection without an answer.",
    "connect_unreachable": "The receiver's network cannot be reached.",
    "connect_failed": "No connection could be made.",
    "connect_proxy": "The way out of this installation is not working; its operator has to look.",
    "tls_certificate": "The receiver's certificate is not valid for this host name.",
    "tls_handshake": "No secure connection could be agreed on; TLS 1.2 or newer is needed.",
    "dns_nxdomain": "The host name does not exist.",
    "dns_servfail": "The name server of this host is failing.",
    "dns_empty": "The host name has no address.",
    "dns_timeout": "The host name could not be resolved in 3 seconds.",
    "dns_failed": "The host name could not be resolved.",
    "timeout_connect": "No connection was made in time.",
    "timeout_answer": "The receiver took the request but did not answer in time.",
    "protocol": "The answer was not HTTP as it should be.",
}


@dataclass(frozen=True)
class AttemptOutcome:
    """`code` is for programs; `wait` is the least time before the next attempt.

    `ends`: what will never pass, so that it is not tried again: this `event`, or anything to this `endpoint`.
    """

    code: str
    arrived: bool
    explanation: str
    wait: timedelta = _NO_WAIT
    ends: Literal["event", "endpoint"] | None = None


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
    """The host of a redirect, for whoever reads the log."""
    try:
        host = urlsplit(location or "").hostname
    except ValueError:
        return ""
    return f" It pointed to {host[:253]}." if host else ""


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The wait a `Retry-After` header asks for (seconds or a date), 0 to 24 h; None when it says nothing."""
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


Meaning = Literal["again", "event", "endpoint"]

#: Slack's errors that only a new incoming webhook, or a change in Slack, can fix.
OVER_IN_SLACK = {
    "no_service": "this incoming webhook was removed or switched off",
    "no_service_id": "this incoming webhook was removed or switched off",
    "no_active_hooks": "this incoming webhook was removed or switched off",
    "no_team": "the workspace does not exist any more",
    "team_disabled": "the workspace is disabled",
    "channel_not_found": "the channel does not exist any more",
    "channel_is_archived": "the channel is archived",
    "action_prohibited": "an administrator of the workspace forbids this webhook to post",
    "posting_to_general_channel_denied": "only administrators may post to this channel",
    "invalid_token": "the address of this incoming webhook is not valid any more",
    "user_not_found": "the person this webhook posts to does not exist any more",
}
#: Slack's errors about one message.
NOT_FOR_SLACK = frozenset({
    "invalid_payload", "invalid_blocks", "no_text", "too_many_attachments", "msg_too_long", "msg_blocks_too_long",
})  # fmt: skip

#: Of one record: its values (400, 422), another that has them (409), its size (413).
_OF_THE_RECORD = frozenset({400, 409, 413, 422})
#: HubSpot's categories about one record; a 400 without a category does not come from HubSpot.
_CATEGORIES = frozenset({"VALIDATION_ERROR", "CONFLICT", "OBJECT_ALREADY_EXISTS"})


def refusal_meaning(destination: str, status: int | None, said: str | None = None) -> Meaning:
    """Meaning of a destination's answer; `said` is Slack's error, or HubSpot's category."""
    if status is None or not 400 <= status < 500:
        return "again"
    if destination == "slack":
        return _of_slack(status, said)
    if destination == "hubspot" and status in _OF_THE_RECORD and (status != 400 or said in _CATEGORIES):
        return "event"
    return "again"


def record_refusal_meaning(category: str | None) -> Meaning:
    """The same for one record of a batch that HubSpot took otherwise (207)."""
    return "event" if category in _CATEGORIES else "again"


def _of_slack(status: int, word: str | None) -> Meaning:
    if word in OVER_IN_SLACK:
        return "endpoint"
    return "event" if status == 413 or word in NOT_FOR_SLACK else "again"
