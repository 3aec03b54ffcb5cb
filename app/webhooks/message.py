"""Requests to an endpoint: sequence by destination, headers, signing secret, signature and payload. Pure.

A destination is a pure generator: it yields an `HttpRequest`, is sent the `HttpResult`, and returns an
`AttemptOutcome`. Each request is made once and recorded as an attempt; a retry starts the sequence again, so every
request must be harmless when repeated.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from pydantic_core import to_json

from app.events.schema import ANSWER
from app.kit.egress.result import HttpResult
from app.webhooks.policies.response_classifier import AttemptOutcome, classify_response

#: Types of destination; `http` and `rest_hook` get Standard Webhooks, the others the language of their service.
DestinationType = Literal["http", "slack", "hubspot", "http_request", "rest_hook"]
STANDARD = frozenset({"http", "rest_hook"})
#: In place of a stored value that is never shown again.
MASK = "********"
USER_AGENT = "Keyturn-Webhooks/0.1"
LONGEST_PAYLOAD = 256 * 1024
MOST_HEADERS = 20
LONGEST_HEADER_NAME = 64
LONGEST_HEADER = 1024
LONGEST_HEADERS = 4096
WHSEC = "whsec_"
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
_HEADER_NAME = re.compile(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
#: Printable text of any script: no control characters, no halves of surrogate pairs.
_HEADER_VALUE = re.compile(r"^[\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]*\Z")
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


class HttpRequest(NamedTuple):
    """One HTTP request. `part` names it where a sequence has several."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    part: str | None = None

    def __repr__(self) -> str:
        """Omits secrets."""
        return f"HttpRequest({self.method}, part={self.part!r})"


class OutboundRequest(NamedTuple):
    """One delivery as a destination sees it: `content` is the stored body, `keys` sign it, the current one first.

    `headers` are the endpoint's own, `options` those of its type; both decrypted.
    """

    url: str
    event_id: str
    event_type: str
    delivery_id: str
    endpoint_id: str
    attempt: int
    replay: bool
    content: bytes
    keys: tuple[bytes, ...]
    headers: Mapping[str, str]
    options: Mapping[str, Any]
    now: datetime

    def __repr__(self) -> str:
        """Omits secrets."""
        return f"OutboundRequest({self.event_type}, {self.delivery_id}, attempt={self.attempt})"


RequestSequence = Generator[HttpRequest, HttpResult, AttemptOutcome]


class Destination(Protocol):
    """Type of endpoint."""

    def __call__(self, outbound: OutboundRequest, /) -> RequestSequence:
        """Requests for one delivery. Pure: no clock, no network."""
        ...


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One token `v1,<base64>`; `timestamp` in whole unix seconds. Raises ValueError for an empty key."""
    if not key:
        raise ValueError("the key is empty")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def signature_header(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one token for each key, the current one first."""
    if not keys:
        raise ValueError("there is no key")
    return " ".join(sign(key, message_id, timestamp, body) for key in keys)


def standard_webhook(outbound: OutboundRequest) -> RequestSequence:
    """Requests of a delivery in the Standard Webhooks format: one POST."""
    answer = yield HttpRequest("POST", outbound.url, request_headers(outbound), outbound.content)
    return classify_response(answer.status, answer.error, answer.headers, outbound.now)


def request_headers(outbound: OutboundRequest) -> dict[str, str]:
    """The endpoint's own headers and ours, which take precedence. Only id, timestamp and body are signed."""
    timestamp = int(outbound.now.timestamp())
    ours = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": outbound.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_header(outbound.keys, outbound.event_id, timestamp, outbound.content),
        "x-keyturn-event-type": outbound.event_type,
        "x-keyturn-delivery-id": outbound.delivery_id,
        "x-keyturn-attempt": str(outbound.attempt),
        "x-keyturn-endpoint-id": outbound.endpoint_id,
        "accept": "*/*",
        "accept-encoding": "identity",
    }
    if outbound.replay:
        ours["x-keyturn-replay"] = "true"
    if not outbound.headers:
        return ours
    return {**{name: value for name, value in outbound.headers.items() if name.lower() not in ours}, **ours}


@dataclass(frozen=True)
class RenderedPayload:
    """A body as sent; `truncated` if it was too long and has its thin form."""

    content: bytes
    truncated: bool = False


def render_payload(envelope: Mapping[str, Any], mode: str) -> RenderedPayload:
    """Body of an event in payload mode `full`, `thin` or `flat`; over 256 KiB it is thin, with `truncated`."""
    content = to_json(_SHAPES[mode](envelope))
    if len(content) <= LONGEST_PAYLOAD:
        return RenderedPayload(content)
    return RenderedPayload(to_json({**_thin(envelope), "truncated": True}), truncated=True)


def _thin(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Ids, and the URL of the event."""
    data = {key: value for key, value in envelope["data"].items() if key.endswith("_id") and not key.startswith(ANSWER)}
    href = f"/api/v1/events/{envelope['id']}?api_version={envelope['api_version']}"
    return {**envelope, "href": href, "data": data}


def _flat(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """All keys at the first level, for receivers that read no nested objects: answers have one each, contacts none."""
    subject = envelope["subject"]
    rest = {key: value for key, value in envelope.items() if key not in ("data", "subject")}
    data = {key: value for key, value in envelope["data"].items() if key not in ("answers", "contacts")}
    return {**data, **rest, "subject_type": subject["type"], "subject_id": subject["id"]}


_SHAPES: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"full": dict, "thin": _thin, "flat": _flat}


class SecretUnreadable(ValueError):
    """The text is not a signing secret."""


def new_secret() -> str:
    """Generate a secret of 32 random bytes."""
    return WHSEC + base64.b64encode(secrets.token_bytes(32)).decode()


def imported_secret(text: str) -> str:
    """A secret given by an agency, in normal form. Raises SecretUnreadable."""
    if not text.startswith(WHSEC):
        raise SecretUnreadable("A secret is `whsec_` followed by base64.")
    found = secret_key(text)
    if len(found) < SHORTEST_SECRET:
        raise SecretUnreadable(f"The secret is too short: {len(found)} bytes; the minimum is {SHORTEST_SECRET}.")
    if len(found) > LONGEST_SECRET:
        raise SecretUnreadable(f"The secret is too long: {len(found)} bytes; the maximum is {LONGEST_SECRET}.")
    return WHSEC + base64.b64encode(found).decode()


def secret_key(secret: str) -> bytes:
    """The key bytes of a secret, with or without prefix and padding. Raises SecretUnreadable."""
    encoded = secret.removeprefix(WHSEC).rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise SecretUnreadable("A secret is `whsec_` followed by base64.") from problem
    if not decoded:
        raise SecretUnreadable("The secret is empty.")
    return decoded


def headers_problem(headers: Mapping[str, str]) -> str | None:
    """Problem with these headers in one sentence; None if they are valid."""
    if len(headers) > MOST_HEADERS:
        return f"There may be at most {MOST_HEADERS} headers."
    if len({name.lower() for name in headers}) < len(headers):
        return "A header is named twice."
    wrong = next((found for name, value in headers.items() if (found := _header_problem(name, value))), None)
    if wrong is None and sum(len(name) + len(value.encode()) for name, value in headers.items()) > LONGEST_HEADERS:
        return f"The headers together are longer than {LONGEST_HEADERS} bytes."
    return wrong


def unmasked_headers(given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Headers as given; a mask is replaced by the known value of the same name."""
    values = {name.lower(): value for name, value in known.items()}
    return {name: values.get(name.lower(), value) if value == MASK else value for name, value in given.items()}


def masked_headers(names: list[str]) -> dict[str, str]:
    """Saved headers as the API shows them, with masked values."""
    return dict.fromkeys(names, MASK)


def _header_problem(name: str, value: str) -> str | None:
    if not _HEADER_NAME.match(name) or len(name) > LONGEST_HEADER_NAME:
        return f"{name[:LONGEST_HEADER_NAME]!r} is not a header name."
    if name.lower() in _FORBIDDEN or name.lower().startswith(_FORBIDDEN_PREFIXES):
        return f"The header {name} is set by Keyturn or must not be sent."
    if value == MASK:
        return f"The value of {name} is the mask under which values are hidden; give the value itself."
    if not _HEADER_VALUE.match(value):
        return f"The value of {name} has control characters."
    if len(value.encode()) > LONGEST_HEADER:
        return f"The value of {name} is longer than {LONGEST_HEADER} bytes."
    return None
