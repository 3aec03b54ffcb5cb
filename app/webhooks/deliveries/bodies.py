"""Bodies of deliveries that are sent again: still stored, rendered again, or deleted for good.

A body is shared by the endpoints that get its event in the same form. A delivery without body points to none: its
`body_created_at` is `DELETED`, when there were no bodies yet.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.webhooks.deliveries import creation
from app.webhooks.models import Delivery, Endpoint, WebhookBody

DELETED = datetime(1970, 1, 1, tzinfo=UTC)


def is_deleted(delivery: Delivery) -> bool:
    """True if its body was deleted by hand."""
    return delivery.body_created_at == DELETED


async def ensure(session: AsyncSession, agency_id: str, endpoint: Endpoint, rows: Sequence[Delivery]) -> None:
    """Renders again, from their events, the bodies that were dropped for their age. None of them is deleted."""
    there = await _there(session, agency_id, rows)
    for row in rows:
        if row.body_id not in there:
            happened = await events.find(session, agency_id, row.event_id)
            body_id, made_at = await creation.create_body(session, agency_id, happened, endpoint)
            await session.execute(
                update(Delivery)
                .where(Delivery.agency_id == agency_id, Delivery.id == row.id)
                .values(body_id=body_id, body_created_at=made_at)
                .execution_options(synchronize_session=False)
            )


async def drop_unused(session: AsyncSession, agency_id: str, event_id: str, body_id: str, made_at: datetime) -> None:
    """Deletes a body that no delivery of its event has any more."""
    had = select(Delivery.id).where(
        Delivery.agency_id == agency_id,
        Delivery.event_id == event_id,
        Delivery.body_id == body_id,
        Delivery.body_created_at == made_at,
    )
    await session.execute(
        delete(WebhookBody)
        .where(
            WebhookBody.agency_id == agency_id,
            WebhookBody.id == body_id,
            WebhookBody.created_at == made_at,
            ~had.exists(),
        )
        .execution_options(synchronize_session=False)
    )


async def _there(session: AsyncSession, agency_id: str, rows: Sequence[Delivery]) -> set[str]:
    named = tuple_(WebhookBody.id, WebhookBody.created_at).in_([(row.body_id, row.body_created_at) for row in rows])
    return set(await session.scalars(select(WebhookBody.id).where(WebhookBody.agency_id == agency_id, named)))
