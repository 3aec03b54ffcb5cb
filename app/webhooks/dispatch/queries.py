"""Reading deliveries, their attempts, and what one delivery needs to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.model import Event
from app.kit.refusal import NotFound
from app.webhooks.dispatch.model import Attempt, Delivery, WebhookBody
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.endpoints.model import Endpoint, EndpointSecret


@dataclass(frozen=True)
class Parcel:
    """What is needed to send a delivery. `content` is None when its body was dropped.

    `request_id` is that of the request which produced the event, for the log.
    """

    endpoint: Endpoint
    secrets: Sequence[EndpointSecret]
    content: bytes | None
    request_id: str | None


def in_flight() -> ColumnElement[bool]:
    """True for deliveries that a worker is sending now."""
    return func.coalesce(Delivery.lease_until > func.now(), False)


async def find(session: AsyncSession, agency_id: str, delivery_id: str) -> tuple[Delivery, bool]:
    """One delivery, and whether it is in flight. Raises NotFound."""
    found = await session.execute(
        select(Delivery, in_flight()).where(Delivery.agency_id == agency_id, Delivery.id == delivery_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    before: str | None = None,
    endpoint_id: str | None = None,
    event_type: str | None = None,
    state: str | None = None,
) -> Sequence[tuple[Delivery, bool]]:
    """Deliveries newest first, each with whether it is in flight; `before` is the id of the last one seen."""
    query = select(Delivery, in_flight()).where(Delivery.agency_id == agency_id)
    if before is not None:
        query = query.where(Delivery.id < before)
    if endpoint_id is not None:
        query = query.where(Delivery.endpoint_id == endpoint_id)
    if event_type is not None:
        query = query.where(Delivery.event_type == event_type)
    if state is not None:
        query = query.where(in_flight() if state == "in_flight" else (Delivery.state == state) & ~in_flight())
    rows = await session.execute(query.order_by(Delivery.id.desc()).limit(limit))
    return [(delivery, under_way) for delivery, under_way in rows]


async def attempts(
    session: AsyncSession, agency_id: str, delivery_id: str, *, limit: int, before: str | None = None
) -> Sequence[Attempt]:
    """The attempts of a delivery, newest first."""
    query = select(Attempt).where(Attempt.agency_id == agency_id, Attempt.delivery_id == delivery_id)
    if before is not None:
        query = query.where(Attempt.id < before)
    return (await session.scalars(query.order_by(Attempt.id.desc()).limit(limit))).all()


async def parcel(session: AsyncSession, agency_id: str, delivery: Delivery) -> Parcel:
    """Endpoint (deleted or not), live secrets and body of a delivery."""
    body_is_its = (
        (WebhookBody.agency_id == agency_id)
        & (WebhookBody.id == delivery.body_id)
        & (WebhookBody.created_at == delivery.body_created_at)
    )
    rows = await session.execute(
        select(Endpoint, WebhookBody.content, Event.request_id)
        .select_from(Endpoint)
        .join(Event, (Event.agency_id == agency_id) & (Event.id == delivery.event_id))
        .outerjoin(WebhookBody, body_is_its)
        .where(Endpoint.agency_id == agency_id, Endpoint.id == delivery.endpoint_id)
    )
    endpoint, content, request_id = rows.one()
    secrets = await endpoints.live_secrets(session, agency_id, endpoint.id)
    return Parcel(endpoint, secrets, content, request_id)


async def tests_in_last_minute(session: AsyncSession, agency_id: str) -> int:
    """How many test deliveries an agency asked for in the last minute."""
    recent = Delivery.created_at > func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
    query = select(func.count()).where(Delivery.agency_id == agency_id, Delivery.series == "test", recent)
    return (await session.execute(query)).scalar_one()
