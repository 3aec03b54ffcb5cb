"""The stored body of a delivery, as destinations read it, and the values it has."""

import json
from collections.abc import Mapping
from typing import Any

from app.events.body import Data

#: Keys beside `data` that a value can be taken from.
HEAD = ("id", "type", "timestamp", "sequence", "test")
#: Every key that a value can be taken from.
KEYS = frozenset({*HEAD, *Data.model_fields})


def envelope(content: bytes) -> dict[str, Any]:
    """The event in payload mode `full`, or its thin form where the whole was too long."""
    read: dict[str, Any] = json.loads(content)
    return read


def values(event: Mapping[str, Any]) -> dict[str, Any]:
    """Every key of KEYS; null where it does not apply, or where the endpoint gets nothing personal."""
    data: Mapping[str, Any] = event.get("data") or {}
    return {key: event.get(key) if key in HEAD else data.get(key) for key in KEYS}
