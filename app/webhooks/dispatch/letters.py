"""Turning one event into bodies and deliveries."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.events.queries import Happened
from app.kit import clock, ids
from app.webhooks.dispatch import schedule
from app.webhooks.dispatch.message import payload
from app.webhooks.dispatch.model import Delivery, WebhookBody
from app.webhooks.endpoints.model import Endpoint


async def write(
    session: AsyncSession, agency_id: str, happened: Happened, endpoints: Iterable[Endpoint], *, series: str
) -> list[str]:
    """Bodies and deliveries of an event for these endpoints, but no second one by event; their ids."""
    wanted = list(endpoints)
    if not wanted:
        return []
    made_at = clock.now()
    bodies = {
        variant: _body(agency_id, happened, variant, made_at)
        for variant in sorted({(endpoint.payload_mode, endpoint.personal) for endpoint in wanted})
    }
    await session.execute(insert(WebhookBody), list(bodies.values()))
    deliveries = [
        _delivery(agency_id, happened, endpoint, series, bodies[endpoint.payload_mode, endpoint.personal])
        for endpoint in wanted
    ]
    made = insert_or_skip(Delivery).on_conflict_do_nothing().values(deliveries).returning(Delivery.id)
    return list((await session.scalars(made)).all())


def _body(agency_id: str, happened: Happened, variant: tuple[str, bool], made_at: datetime) -> dict[str, Any]:
    mode, personal = variant
    rendered = payload.render(events.envelope(happened, personal=personal).model_dump(), mode)
    return {
        "agency_id": agency_id,
        "id": ids.new("body"),
        "created_at": made_at,
        "event_id": happened.event.id,
        "mode": mode,
        "personal": personal,
        "truncated": rendered.truncated,
        "content": rendered.content,
        "sha256": hashlib.sha256(rendered.content).digest(),
    }


def _delivery(
    agency_id: str, happened: Happened, endpoint: Endpoint, series: str, body: dict[str, Any]
) -> dict[str, Any]:
    event = happened.event
    active = endpoint.state == "active"
    return {
        "agency_id": agency_id,
        "id": ids.new("delivery"),
        "endpoint_id": endpoint.id,
        "event_id": event.id,
        "event_type": event.type,
        "subject_id": event.subject_id,
        "sequence": event.sequence,
        "series": series,
        "state": "pending" if active else "skipped",
        "reason": None if active else "endpoint_disabled",
        "body_id": body["id"],
        "body_created_at": body["created_at"],
        "due_at": func.now() if active else None,
        "expires_at": event.occurred_at + schedule.age_limit(endpoint.retry_policy),
    }
