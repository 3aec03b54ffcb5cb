"""What to tell somebody about an endpoint that is allowed but hardly meant."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.events.types import links, settings
from app.webhooks.endpoints import queries, warnings
from app.webhooks.endpoints.models import Endpoint


async def about(session: AsyncSession, endpoint: Endpoint, *, named: list[str] | None = None) -> list[str]:
    """One sentence each; `named` are the event types as they were given, where some were given twice."""
    found = warnings.about(named if named is not None else endpoint.event_types, endpoint.filter)
    return [
        *found,
        *await _link(session, endpoint, found),
        *await _preset(session, endpoint, found),
        *await _others(session, endpoint),
    ]


async def _link(session: AsyncSession, endpoint: Endpoint, found: list[str]) -> list[str]:
    """True if there is such a link; the rooms of links lie beside this one, but each link's making is an event."""
    link_id = (endpoint.filter or {}).get("link_id")
    if link_id is None or any("No link has an id like" in each for each in found):
        return []
    known = select(Event.id).where(Event.agency_id == endpoint.agency_id, Event.subject_id == link_id).limit(1)
    if await session.scalar(known):
        return []
    return [f"Your agency has no link {link_id!r}: this filter lets nothing through."]


async def _preset(session: AsyncSession, endpoint: Endpoint, found: list[str]) -> list[str]:
    """Warn about a preset in the filter that was never used and that the agency does not have."""
    preset = (endpoint.filter or {}).get("preset")
    if preset is None or any("No preset is called" in each for each in found):
        return []
    saved = (Event.type == settings.PRESET_SAVED.name) & (Event.facts["preset"].astext == preset)
    used = (Event.type == links.CREATED.name) & (Event.facts["preset"].astext == preset)
    known = select(Event.id).where(Event.agency_id == endpoint.agency_id, saved | used).limit(1)
    if await session.scalar(known):
        return []
    return [f"No link of your agency was made from a preset {preset!r} so far: check its name (GET /api/v1/presets)."]


async def _others(session: AsyncSession, endpoint: Endpoint) -> list[str]:
    others = await queries.others_there(session, endpoint)
    if not others or endpoint.hook:
        return []
    return [f"{others[0].id} has the same URL: what both want arrives there twice."]
