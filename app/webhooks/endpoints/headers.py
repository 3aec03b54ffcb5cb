"""Rules of custom headers. Pure."""

import re
from collections.abc import Mapping

from app.webhooks.destinations.catalog import MASK

AT_MOST = 20
LONGEST_NAME = 64
LONGEST_VALUE = 1024
LONGEST_ALL = 4096

_TOKEN = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
#: Printable text of any script: no control characters, no halves of surrogate pairs.
_VALUE = re.compile(r"^[\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]*\Z")
_FORBIDDEN = frozenset(
    {
        "accept-encoding", "connection", "cookie", "cookie2", "expect", "forwarded", "host", "http2-settings",
        "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade", "user-agent", "x-real-ip",
    }
)  # fmt: skip
_FORBIDDEN_PREFIXES = (
    "content-", "metadata", "proxy-", "svix-", "webhook-", "x-aws-", "x-azure-", "x-forwarded", "x-goog-",
    "x-google-", "x-keyturn-",
)  # fmt: skip


def problem(headers: Mapping[str, str]) -> str | None:
    """Problem with these headers in one sentence; None if they are valid."""
    if len(headers) > AT_MOST:
        return f"There may be at most {AT_MOST} headers."
    if len({name.lower() for name in headers}) < len(headers):
        return "A header is named twice."
    wrong = next((found for name, value in headers.items() if (found := _wrong(name, value))), None)
    if wrong is None and sum(len(name) + len(value.encode()) for name, value in headers.items()) > LONGEST_ALL:
        return f"The headers together are longer than {LONGEST_ALL} bytes."
    return wrong


def unmasked(given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Headers as given, where a mask that came back unchanged stands for the value known under its name."""
    values = {name.lower(): value for name, value in known.items()}
    return {name: values.get(name.lower(), value) if value == MASK else value for name, value in given.items()}


def masked(names: list[str]) -> dict[str, str]:
    """Saved headers as the API shows them: their values never come back."""
    return dict.fromkeys(names, MASK)


def _wrong(name: str, value: str) -> str | None:
    if not _TOKEN.match(name) or len(name) > LONGEST_NAME:
        return f"{name[:LONGEST_NAME]!r} is no header name."
    if name.lower() in _FORBIDDEN or name.lower().startswith(_FORBIDDEN_PREFIXES):
        return f"The header {name} is set by Keyturn or must not be sent."
    if value == MASK:
        return f"The value of {name} is the mask under which values are hidden; give the value itself."
    if not _VALUE.match(value):
        return f"The value of {name} has control characters."
    if len(value.encode()) > LONGEST_VALUE:
        return f"The value of {name} is longer than {LONGEST_VALUE} bytes."
    return None
