"""Event types and filters of an endpoint. Pure."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

#: What happens to webhooks themselves goes only to endpoints that say so, or a failing one would feed itself.
OPERATIONAL = "webhook."
EVERYTHING = "*"


def wants(patterns: Sequence[str], event_type: str) -> bool:
    """True if any of an endpoint's patterns (a name, `access.*`, `*`) covers this type."""
    return any(_covers(pattern, event_type) for pattern in patterns)


def passes(filter_: Mapping[str, Any] | None, data: Mapping[str, Any]) -> bool:
    """True if an event's data has every value the filter names."""
    return all(data.get(key) == value for key, value in (filter_ or {}).items() if value is not None)


def unknown(patterns: Sequence[str], names: Collection[str]) -> str | None:
    """The first pattern that covers none of the event types there are."""
    return next((pattern for pattern in patterns if not any(_covers(pattern, name) for name in names)), None)


def nearest(pattern: str, names: Collection[str]) -> str | None:
    """The event type, or `word.*`, that somebody who wrote `pattern` most likely meant."""
    words = {f"{name.split('.')[0]}.*" for name in names}
    found = difflib.get_close_matches(pattern, sorted({*names, *words, EVERYTHING}), n=1, cutoff=0.5)
    return found[0] if found else None


def covers(pattern: str, other: str) -> bool:
    """True if a pattern covers all that another one does."""
    if other == EVERYTHING:
        return pattern == EVERYTHING
    return _covers(pattern, other)


def _covers(pattern: str, event_type: str) -> bool:
    if pattern == EVERYTHING:
        return not event_type.startswith(OPERATIONAL)
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type
