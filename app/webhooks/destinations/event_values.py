"""The stored body of a delivery, as destinations read it, and the values it has. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

from app.events.schema import ANSWER, Data

#: Keys beside `data` that a value can be taken from.
HEAD = ("id", "type", "timestamp", "sequence", "test")
#: Every key that a value can be taken from, besides those of single answers.
KEYS = frozenset({*HEAD, *Data.model_fields})
_ANSWER = re.compile(rf"{ANSWER}[a-z0-9_]{{1,40}}")


def envelope(content: bytes) -> dict[str, Any]:
    """The event in payload mode `full`, or its thin form where the whole was too long."""
    read: dict[str, Any] = json.loads(content)
    return read


def is_key(name: str) -> bool:
    """True if an event can have this key: any preset may have a question with it."""
    return name in KEYS or bool(_ANSWER.fullmatch(name))


def values(event: Mapping[str, Any]) -> dict[str, Any]:
    """Every key of KEYS, and the answers; null if it does not apply, or if personal data is left out."""
    data: Mapping[str, Any] = event.get("data") or {}
    return {**dict.fromkeys(KEYS), **data, **{key: event.get(key) for key in HEAD}}
