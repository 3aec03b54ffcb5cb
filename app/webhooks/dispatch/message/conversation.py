"""How an endpoint of a certain kind is spoken to: requests to make one after the other, and what they came to.

A destination is a pure generator: it yields a `Request`, is sent the `Answer`, and returns an `Outcome`. Whoever drives
it makes each request once and keeps each as an attempt; a retry begins the conversation anew, so every request must be
harmless when repeated.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.kit.egress.answer import Answer
from app.webhooks.dispatch.deciding.outcome import Outcome


@dataclass(frozen=True)
class Request:
    """One HTTP request. `part` names it where a conversation has several."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    part: str | None = None


@dataclass(frozen=True)
class Letter:
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
    content: bytes = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    now: datetime


Conversation = Generator[Request, Answer, Outcome]


class Destination(Protocol):
    """One kind of endpoint."""

    def __call__(self, letter: Letter, /) -> Conversation:
        """What to say, given what was answered. Pure: no clock, no network."""
        ...
