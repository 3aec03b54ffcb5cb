"""Which custom headers an agency may have sent with its deliveries."""

import re
from collections.abc import Mapping

AT_MOST = 20
LONGEST_NAME = 64
LONGEST_VALUE = 1024
LONGEST_ALL = 4096
MASK = "********"

_TOKEN = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_VALUE = re.compile(r"^[\x20-\x7e\x80-\uffff]*\Z")
_FORBIDDEN = frozenset(
    {
        "accept-encoding", "connection", "cookie", "expect", "forwarded", "host", "keep-alive", "metadata",
        "metadata-flavor", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-real-ip",
    }
)  # fmt: skip
_FORBIDDEN_PREFIXES = (
    "content-", "proxy-", "svix-", "webhook-", "x-aws-", "x-azure-", "x-forwarded-", "x-goog-",
    "x-google-", "x-keyturn-",
)  # fmt: skip


def problem(headers: Mapping[str, str]) -> str | None:
    """Why these headers cannot be used, in one sentence; None when they can."""
    if len(headers) > AT_MOST:
        return f"There may be at most {AT_MOST} headers."
    if len({name.lower() for name in headers}) < len(headers):
        return "A header is named twice."
    if sum(len(name) + len(value.encode()) for name, value in headers.items()) > LONGEST_ALL:
        return f"The headers together are longer than {LONGEST_ALL} bytes."
    return next((found for name, value in headers.items() if (found := _wrong(name, value))), None)


def masked(names: list[str]) -> dict[str, str]:
    """How saved headers are shown: their values never come back."""
    return dict.fromkeys(names, MASK)


def _wrong(name: str, value: str) -> str | None:
    if not _TOKEN.match(name) or len(name) > LONGEST_NAME:
        return f"{name[:LONGEST_NAME]!r} is no header name."
    if name.lower() in _FORBIDDEN or name.lower().startswith(_FORBIDDEN_PREFIXES):
        return f"The header {name} is set by Keyturn or must not be sent."
    if len(value) > LONGEST_VALUE or not _VALUE.match(value):
        return f"The value of {name} is longer than {LONGEST_VALUE} characters or has control characters."
    return None
