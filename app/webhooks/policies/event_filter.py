"""Event types and filters of an endpoint. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.kit.input import text

#: Prefix of events about webhooks. Only endpoints that name them receive them, otherwise a failing one would cause
#: more.
OPERATIONAL = "webhook."
EVERYTHING = "*"


def wants(patterns: Sequence[str], event_type: str) -> bool:
    """True if any of an endpoint's patterns (a name, `access.*`, `*`) covers this type."""
    return any(_covers(pattern, event_type) for pattern in patterns)


def passes(filter_: Mapping[str, Any] | None, data: Mapping[str, Any]) -> bool:
    """True if the data of an event has every value of the filter."""
    return all(data.get(key) == value for key, value in (filter_ or {}).items() if value is not None)


def unknown(patterns: Sequence[str], names: Collection[str]) -> str | None:
    """The first pattern that covers none of the event types."""
    return next((pattern for pattern in patterns if not any(_covers(pattern, name) for name in names)), None)


def nearest(pattern: str, names: Collection[str]) -> str | None:
    """The event type, or `word.*`, that is nearest to a misspelled pattern."""
    words = {f"{name.split('.')[0]}.*" for name in names}
    return text.nearest(pattern, {*names, *words, EVERYTHING})


def covers(pattern: str, other: str) -> bool:
    """True if a pattern covers every event type of another one."""
    if other == EVERYTHING:
        return pattern == EVERYTHING
    return _covers(pattern, other)


def _covers(pattern: str, event_type: str) -> bool:
    if pattern == EVERYTHING:
        return not event_type.startswith(OPERATIONAL)
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type
