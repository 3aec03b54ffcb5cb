"""Warnings about an endpoint that is valid but probably not as intended."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.models import Event
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.endpoints import queries
from app.webhooks.models import Endpoint
from app.webhooks.policies import event_filter


async def warnings_for(session: AsyncSession, endpoint: Endpoint, *, named: list[str] | None = None) -> list[str]:
    """Warnings as sentences; `named` are the given event types, which may contain duplicates."""
    found = static_warnings(named if named is not None else endpoint.event_types, endpoint.filter)
    return [
        *found,
        *await _link_warning(session, endpoint, found),
        *await _preset_warning(session, endpoint, found),
        *await _same_url_warning(session, endpoint),
    ]


async def _link_warning(session: AsyncSession, endpoint: Endpoint, found: list[str]) -> list[str]:
    """Warn about a link in the filter that the agency does not have: no event but a test is about it."""
    link_id = (endpoint.filter or {}).get("link_id")
    if link_id is None or any("No link has an id like" in each for each in found):
        return []
    known = select(Event.id).where(Event.agency_id == endpoint.agency_id, Event.subject_id == link_id, ~Event.test)
    if await session.scalar(known.limit(1)):
        return []
    return [f"Your agency has no link {link_id!r}: this filter lets nothing through."]


async def _preset_warning(session: AsyncSession, endpoint: Endpoint, found: list[str]) -> list[str]:
    """Warn about a preset in the filter that was never used and that the agency does not have."""
    preset = (endpoint.filter or {}).get("preset")
    if preset is None or any("No preset is called" in each for each in found):
        return []
    saved = (Event.type == catalog.PRESET_SAVED.name) & (Event.facts["preset"].astext == preset)
    used = (Event.type == catalog.LINK_CREATED.name) & (Event.facts["preset"].astext == preset)
    known = select(Event.id).where(Event.agency_id == endpoint.agency_id, saved | used, ~Event.test).limit(1)
    if await session.scalar(known):
        return []
    return [f"No link of your agency was made from a preset {preset!r} so far: check its name (GET /api/v1/presets)."]


async def _same_url_warning(session: AsyncSession, endpoint: Endpoint) -> list[str]:
    others = await queries.others_there(session, endpoint)
    if not others or CATALOG[endpoint.destination].is_subscription:
        return []
    return [f"{others[0].id} has the same URL: what both want arrives there twice."]


_LINK_ID = re.compile(r"link_[0-7][0-9a-hjkmnp-tv-z]{25}")
_PRESET = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def static_warnings(event_types: Sequence[str], filter_: Mapping[str, Any] | None) -> list[str]:
    """Warnings that need no database, as sentences."""
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
    """Warn about patterns whose events never have the fields of the filter."""
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
    return any(wanted.keys() <= set(kind.keys) for kind in covered)


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
