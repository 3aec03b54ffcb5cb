"""Letters as the dispatcher would hand them to a destination."""

import json
from datetime import UTC, datetime
from typing import Any

from app.events import catalog, rendering
from app.webhooks.message import OutboundRequest

NOW = datetime(2026, 12, 4, 13, 32, 12, tzinfo=UTC)
KEY = b"k" * 32


def event(event_type: str = "access.verified", *, head: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """The catalogue's example of a type, with other values where given."""
    made = rendering.example_body(catalog.TYPES[event_type])
    return {**made, **(head or {}), "data": {**made["data"], **data}}


def letter(told: dict[str, Any], options: dict[str, Any], **other: Any) -> OutboundRequest:
    """A first attempt of an event."""
    given: dict[str, Any] = {
        "url": "https://unused.example", "event_id": told["id"], "event_type": told["type"],
        "delivery_id": "delivery_1", "endpoint_id": "endpoint_1", "attempt": 1, "replay": False,
        "content": json.dumps(told, ensure_ascii=False).encode(), "keys": (KEY,), "headers": {}, "options": options,
        "now": NOW,
    }  # fmt: skip
    return OutboundRequest(**{**given, **other})
