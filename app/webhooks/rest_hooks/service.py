"""What a subscription needs beyond being an endpoint: a sample of what it will get, and an end that may be repeated."""

import json
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog, schema
from app.events import queries as events
from app.webhooks import message
from app.webhooks.endpoints import event_filter
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints import service as changing
from app.webhooks.endpoints import service as endpoint_actions

SAMPLES = 3
#: As many of the newest events are looked through for real ones: tests are left out.
_LOOKED_THROUGH = 20


async def end_hook(session: AsyncSession, agency_id: str, hook_id: str, *, actor: str) -> None:
    """Ends a subscription; ending it again changes nothing. Raises NotFound for what never was one."""
    endpoint = await endpoints.hook(session, agency_id, hook_id)
    if endpoint.deleted_at is None:
        await changing.delete_endpoint(session, agency_id, hook_id, actor=actor)


async def samples(
    session: AsyncSession, agency_id: str, event_type: str, *, mode: str, personal: bool
) -> list[dict[str, Any]]:
    """Up to three bodies as a subscription to `event_type` (a name, `access.*`, `*`) would get them, the newest first.

    Where nothing of the kind happened yet, an example of each kind, marked as a test: never none. Raises
    EventTypeUnknown.
    """
    if event_filter.unknown([event_type], catalog.FOR_CRMS):
        raise endpoint_actions.unknown_type(event_type)
    kinds = [kind for name, kind in catalog.FOR_CRMS.items() if event_filter.wants([event_type], name)]
    names = [kind.name for kind in kinds]
    newest = await events.newest(session, agency_id, limit=_LOOKED_THROUGH, wanted=events.EventFilter(names))
    real = [events.envelope(each, personal=personal).model_dump() for each in newest if not each.event.test]
    made = real[:SAMPLES] or [
        _invented(catalog.example(kind), agency_id, number, personal=personal)
        for number, kind in enumerate(kinds[:SAMPLES])
    ]
    return [json.loads(message.render_payload(each, mode).content) for each in made]


def _invented(envelope: dict[str, Any], agency_id: str, number: int, *, personal: bool) -> dict[str, Any]:
    """An example as this agency's; each of several has an id of its own, by which tools tell them apart."""
    told = envelope["data"] if personal else schema.without_personal(envelope["data"])
    data = {**told, "agency_id": agency_id}
    return {**envelope, "id": f"{envelope['id'][:-1]}{number}", "test": True, "agency_id": agency_id, "data": data}
