"""Ends of deliveries without success, and the event that reports each: `webhook.delivery.exhausted`."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import KEYTURN, EventDraft, record_all
from app.webhooks.deliveries.transitions import EndedDelivery
from app.webhooks.policies import event_filter


def exhausted_events(ended: Iterable[EndedDelivery]) -> dict[str, list[EventDraft]]:
    """The events of these ends, by agency. A test has none, nor a delivery of such an event: it would never end."""
    drafts: dict[str, list[EventDraft]] = defaultdict(list)
    for one in ended:
        if one.origin == "test" or one.event_type.startswith(event_filter.OPERATIONAL):
            continue
        data = {
            "endpoint_id": one.endpoint_id,
            "delivery_id": one.id,
            "status": one.status,
            "reason": one.reason,
            "sample_event_id": one.event_id,
        }
        drafts[one.agency_id].append(EventDraft(catalog.DELIVERY_EXHAUSTED, one.id, KEYTURN, data))
    return drafts


async def record_exhausted(session: AsyncSession, ended: Iterable[EndedDelivery]) -> None:
    """Record the events of these ends, with one statement per agency."""
    for agency_id, drafts in sorted(exhausted_events(ended).items()):
        await record_all(session, drafts, agency_id=agency_id)
