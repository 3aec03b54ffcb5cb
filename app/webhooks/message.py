"""Requests to an endpoint: their sequence by destination, headers, signature and payload. Pure.

A destination is a pure generator: it yields an `HttpRequest`, is sent the `HttpResult`, and returns an
`AttemptOutcome`. Each request is made once and recorded as an attempt; a retry starts the sequence again, so every
request must be harmless when repeated.
"""

import base64
import hmac
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from pydantic_core import to_json

from app.events.schema import without_personal
from app.kit.egress.result import HttpResult
from app.webhooks.policies.response_classifier import AttemptOutcome, classify_response

#: Types of destination; `http` and `rest_hook` get Standard Webhooks, the others the language of their service.
DestinationType = Literal["http", "slack", "hubspot", "http_request", "rest_hook"]
STANDARD = frozenset({"http", "rest_hook"})


class HttpRequest(NamedTuple):
    """One HTTP request. `part` names it where a sequence has several."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    part: str | None = None

    def __repr__(self) -> str:
        """Without what may be secret."""
        return f"Request({self.method}, part={self.part!r})"


class OutboundRequest(NamedTuple):
    """One delivery as a destination sees it: `content` is the stored body, `keys` sign it, the current one first.

    `headers` are the endpoint's own, opened; `options` what its kind needs to know, opened.
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
        """Without what may be secret."""
        return f"Letter({self.event_type}, {self.delivery_id}, attempt={self.attempt})"


RequestSequence = Generator[HttpRequest, HttpResult, AttemptOutcome]


class Destination(Protocol):
    """One kind of endpoint."""

    def __call__(self, outbound: OutboundRequest, /) -> RequestSequence:
        """Requests for one delivery. Pure: no clock, no network."""
        ...


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One token `v1,<base64>`; `timestamp` in whole unix seconds. Raises ValueError for an empty key."""
    if not key:
        raise ValueError("an empty key signs nothing")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def signature_header(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one token for each key, the current one first."""
    if not keys:
        raise ValueError("nothing to sign with")
    return " ".join(sign(key, message_id, timestamp, body) for key in keys)


def standard_webhook(outbound: OutboundRequest) -> RequestSequence:
    """Requests of a delivery in the Standard Webhooks format: one POST."""
    answer = yield HttpRequest("POST", outbound.url, request_headers(outbound), outbound.content)
    return classify_response(answer.status, answer.error, answer.headers, outbound.now)


USER_AGENT = "Keyturn-Webhooks/0.1"


def request_headers(outbound: OutboundRequest) -> dict[str, str]:
    """Headers of a delivery that is sent now."""
    return delivery_headers(
        outbound.headers,
        event_id=outbound.event_id,
        event_type=outbound.event_type,
        delivery_id=outbound.delivery_id,
        endpoint_id=outbound.endpoint_id,
        attempt=outbound.attempt,
        replay=outbound.replay,
        timestamp=int(outbound.now.timestamp()),
        keys=outbound.keys,
        body=outbound.content,
    )


def delivery_headers(
    custom: Mapping[str, str],
    *,
    event_id: str,
    event_type: str,
    delivery_id: str,
    endpoint_id: str,
    attempt: int,
    timestamp: int,
    keys: Sequence[bytes],
    body: bytes,
    replay: bool = False,
) -> dict[str, str]:
    """The endpoint's own headers and ours, which win. Only id, timestamp and body are signed."""
    ours = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_header(keys, event_id, timestamp, body),
        "x-keyturn-event-type": event_type,
        "x-keyturn-delivery-id": delivery_id,
        "x-keyturn-attempt": str(attempt),
        "x-keyturn-endpoint-id": endpoint_id,
        "accept": "*/*",
        "accept-encoding": "identity",
    }
    if replay:
        ours["x-keyturn-replay"] = "true"
    if not custom:
        return ours
    return {**{name: value for name, value in custom.items() if name.lower() not in ours}, **ours}


LONGEST_PAYLOAD = 256 * 1024


@dataclass(frozen=True)
class RenderedPayload:
    """A body as sent; `truncated` when the whole was too long and this is its thin form."""

    content: bytes
    truncated: bool = False


def render_payload(envelope: Mapping[str, Any], mode: str) -> RenderedPayload:
    """The body of an event in payload mode `full`, `thin` or `flat`; over 256 KiB it is thin and says so."""
    content = _encode(_SHAPES[mode](envelope))
    if len(content) <= LONGEST_PAYLOAD:
        return RenderedPayload(content)
    return RenderedPayload(_encode({**_thin(envelope), "truncated": True}), truncated=True)


def _thin(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Ids alone, and where the rest can be read."""
    data = {key: value for key, value in without_personal(envelope["data"]).items() if key.endswith("_id")}
    return {**envelope, "href": f"/api/v1/events/{envelope['id']}", "data": data}


def _flat(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """All keys at the first level, for receivers that read no deeper; answers are there one by one."""
    subject = envelope["subject"]
    rest = {key: value for key, value in envelope.items() if key not in ("data", "subject")}
    data = {key: value for key, value in envelope["data"].items() if key != "answers"}
    return {**data, **rest, "subject_type": subject["type"], "subject_id": subject["id"]}


def _full(envelope: Mapping[str, Any]) -> dict[str, Any]:
    return dict(envelope)


def _encode(body: Mapping[str, Any]) -> bytes:
    return to_json(body)


_SHAPES = {"full": _full, "thin": _thin, "flat": _flat}
