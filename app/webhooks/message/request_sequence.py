"""How an endpoint of a certain kind is spoken to: requests to make one after the other, and what they came to. Pure.

A destination is a pure generator: it yields a `Request`, is sent the `Answer`, and returns an `Outcome`. Whoever drives
it makes each request once and keeps each as an attempt; a retry begins the conversation anew, so every request must be
harmless when repeated.
"""

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from app.kit.egress.result import HttpResult
from app.webhooks.policies.response_classifier import AttemptOutcome


class Request(NamedTuple):
    """One HTTP request. `part` names it where a conversation has several."""

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


Conversation = Generator[Request, HttpResult, AttemptOutcome]


class Destination(Protocol):
    """One kind of endpoint."""

    def __call__(self, letter: OutboundRequest, /) -> Conversation:
        """What to say, given what was answered. Pure: no clock, no network."""
        ...
