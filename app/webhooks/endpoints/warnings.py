"""What is allowed but hardly meant: a filter that lets nothing through, a type named twice. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.events import catalog
from app.webhooks.endpoints import event_filter

_LINK_ID = re.compile(r"link_[0-7][0-9a-hjkmnp-tv-z]{25}")
_PRESET = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def about(event_types: Sequence[str], filter_: Mapping[str, Any] | None) -> list[str]:
    """One sentence for each doubt; none when all is well."""
    wanted = {key: value for key, value in (filter_ or {}).items() if value is not None}
    return [*_shapes(wanted), *_never(event_types, wanted), *_twice(event_types)]


def _shapes(wanted: Mapping[str, Any]) -> list[str]:
    doubts = []
    if "link_id" in wanted and not _LINK_ID.fullmatch(wanted["link_id"]):
        doubts.append(f"No link has an id like {wanted['link_id']!r}: this filter lets nothing through.")
    if "preset" in wanted and not _PRESET.fullmatch(wanted["preset"]):
        doubts.append(f"No preset is called {wanted['preset']!r}: this filter lets nothing through.")
    return doubts


def _never(patterns: Sequence[str], wanted: Mapping[str, Any]) -> list[str]:
    """The patterns all of whose events lack what the filter looks at."""
    if not wanted:
        return []
    lost = [pattern for pattern in dict.fromkeys(patterns) if not _some_pass(pattern, wanted)]
    if not lost:
        return []
    keys = " and ".join(f"`{key}`" for key in wanted)
    if len(lost) == len(set(patterns)):
        return [f"None of these event types carries {keys}: the filter lets nothing through."]
    return [f"Events of {_listed(lost)} do not carry {keys}: the filter lets none of them through."]


def _some_pass(pattern: str, wanted: Mapping[str, Any]) -> bool:
    covered = [kind for name, kind in catalog.FOR_CRMS.items() if event_filter.wants([pattern], name)]
    return any(all(catalog.example(kind)["data"][key] is not None for key in wanted) for kind in covered)


def _twice(patterns: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(patterns))
    repeated = [each for each in kept if list(patterns).count(each) > 1]
    covered = [each for each in kept if any(other != each and event_filter.covers(other, each) for other in kept)]
    doubts = []
    if repeated:
        doubts.append(f"Named more than once: {_listed(repeated)}. Each event is sent once.")
    if covered:
        doubts.append(f"Covered by another of the patterns already: {_listed(covered)}. Each event is sent once.")
    return doubts


def _listed(patterns: Sequence[str]) -> str:
    return ", ".join(f"`{pattern}`" for pattern in patterns)
