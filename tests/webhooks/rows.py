"""Rows as days of work would have left them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from app.events import catalog
from app.events.models import Event, OutboxEntry
from app.kit import clock, ids
from app.kit.database import Sessions
from app.webhooks.models import Attempt, Delivery, Endpoint, EndpointHealth, PeriodicTask, WebhookBody
from tests.webhooks import scenes

LONG_AGO = timedelta(minutes=5)


async def add_delivery(
    sessions: Sessions, endpoint: Endpoint, *, aged: timedelta = LONG_AGO, subject: str = "link_1", **values: Any
) -> Delivery:
    """A delivery made and due so long ago, unless `values` say otherwise; its event was fanned out."""
    event = await scenes.happen(sessions, endpoint.agency_id, catalog.ACCESS_VERIFIED, link_id=subject)
    made = clock.now() - aged
    row = {
        "agency_id": endpoint.agency_id, "id": ids.first("delivery", made), "endpoint_id": endpoint.id,
        "event_id": event.id, "event_type": event.type, "subject_id": subject, "sequence": event.sequence,
        "body_id": ids.new("body"), "body_created_at": made, "created_at": made, "due_at": made,
        "expires_at": made + timedelta(days=5), **values,
    }  # fmt: skip
    async with sessions.begin() as session:
        await session.execute(
            delete(OutboxEntry).where(OutboxEntry.agency_id == endpoint.agency_id, OutboxEntry.id == event.id)
        )
        delivery = Delivery(**row)
        session.add(delivery)
    return delivery


async def add_attempt(sessions: Sessions, row: Delivery, *, aged: timedelta = timedelta(), **values: Any) -> Attempt:
    """An attempt of a delivery made so long ago."""
    made = clock.now() - aged
    async with sessions.begin() as session:
        attempt = Attempt(**{
            "agency_id": row.agency_id, "id": ids.first("attempt", made), "created_at": made, "delivery_id": row.id,
            "endpoint_id": row.endpoint_id, "number": 1, "late": False, "arrived": False, "code": "http_500",
            "explanation": "The receiver answered 500.", "status": 500, "headers": {"server": "x"}, "body": "oh no",
            "total_ms": 12, "worker": "test:1", **values,
        })  # fmt: skip
        session.add(attempt)
    return attempt


async def add_body(sessions: Sessions, agency_id: str, made: datetime) -> WebhookBody:
    """A rendered body of that time."""
    async with sessions.begin() as session:
        body = WebhookBody(
            agency_id=agency_id, id=ids.new("body"), created_at=made, event_id=ids.new("evt"), mode="full",
            personal=True, truncated=False, content=b"{}", sha256=b"",
        )  # fmt: skip
        session.add(body)
    return body


async def set_health(sessions: Sessions, endpoint: Endpoint, **values: Any) -> None:
    """How an endpoint has been doing."""
    key = {"agency_id": endpoint.agency_id, "id": endpoint.id}
    async with sessions.begin() as session:
        await session.merge(EndpointHealth(**key, **values))


async def health(sessions: Sessions, endpoint: Endpoint) -> EndpointHealth:
    """How it is doing now."""
    async with sessions() as session:
        return await session.get_one(EndpointHealth, (endpoint.agency_id, endpoint.id))


async def set_endpoint(sessions: Sessions, endpoint: Endpoint, **values: Any) -> None:
    """Sets columns of an endpoint."""
    async with sessions.begin() as session:
        this = Endpoint.agency_id == endpoint.agency_id, Endpoint.id == endpoint.id
        await session.execute(update(Endpoint).where(*this).values(**values))


async def find_endpoint(sessions: Sessions, endpoint: Endpoint) -> Endpoint:
    """The endpoint as it is now."""
    async with sessions() as session:
        return await session.get_one(Endpoint, (endpoint.agency_id, endpoint.id))


async def events(sessions: Sessions, agency_id: str, event_type: str) -> Sequence[Event]:
    """What happened of one type, oldest first."""
    found = select(Event).where(Event.agency_id == agency_id, Event.type == event_type).order_by(Event.id)
    async with sessions() as session:
        return (await session.scalars(found)).all()


async def count(sessions: Sessions, model: type[Any], agency_id: str) -> int:
    """How many rows an agency has."""
    async with sessions() as session:
        return (
            await session.execute(select(func.count()).select_from(model).where(model.agency_id == agency_id))
        ).scalar_one()


async def chore(sessions: Sessions, name: str) -> PeriodicTask:
    """The row of a chore."""
    async with sessions() as session:
        return await session.get_one(PeriodicTask, name)
