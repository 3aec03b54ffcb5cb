"""Queries of deliveries and their attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.kit import ids
from app.kit.errors import NotFound
from app.webhooks.deliveries import conditions
from app.webhooks.deliveries.conditions import StatusClass, VisibleStatus, has_status_class
from app.webhooks.models import Attempt, Delivery, WebhookBody

#: A status, or all of deliveries that have not ended.
StatusFilter = VisibleStatus | Literal["open"]


@dataclass(frozen=True)
class VisibleDelivery:
    """A delivery with the status it is shown in, and why it is in it."""

    delivery: Delivery
    status: VisibleStatus
    reason: str | None


@dataclass(frozen=True)
class DeliveryFilter:
    """Filter of deliveries; None lets all through. `since` is included, `until` is not."""

    endpoint_id: str | None = None
    event_id: str | None = None
    replay_id: str | None = None
    subject_id: str | None = None
    event_type: str | None = None
    status: StatusFilter | None = None
    reason: str | None = None
    status_class: StatusClass | None = None
    since: datetime | None = None
    until: datetime | None = None


async def find(session: AsyncSession, agency_id: str, delivery_id: str) -> VisibleDelivery:
    """One delivery. Raises NotFound."""
    found = await _read(session, conditions.with_visible_status(agency_id).where(Delivery.id == delivery_id))
    if not found:
        raise NotFound
    return found[0]


async def page(
    session: AsyncSession, agency_id: str, sought: DeliveryFilter, *, limit: int, before: str | None = None
) -> list[VisibleDelivery]:
    """Deliveries, newest first; `before` is the id of the last one seen."""
    query = conditions.with_visible_status(agency_id).where(*_conditions(agency_id, sought))
    if before is not None:
        query = query.where(Delivery.id < before)
    return await _read(session, query.order_by(Delivery.id.desc()).limit(limit))


async def attempts(
    session: AsyncSession, agency_id: str, delivery_id: str, *, limit: int, before: str | None = None
) -> Sequence[Attempt]:
    """The attempts of a delivery, newest first."""
    query = select(Attempt).where(Attempt.agency_id == agency_id, Attempt.delivery_id == delivery_id)
    if before is not None:
        query = query.where(Attempt.id < before)
    return (await session.scalars(query.order_by(Attempt.id.desc()).limit(limit))).all()


async def body(session: AsyncSession, agency_id: str, delivery: Delivery) -> WebhookBody | None:
    """The stored body of a delivery; None after its retention, or if it was deleted on request."""
    return await session.scalar(
        select(WebhookBody).where(
            WebhookBody.agency_id == agency_id,
            WebhookBody.id == delivery.body_id,
            WebhookBody.created_at == delivery.body_created_at,
        )
    )


async def _read(session: AsyncSession, query: Select[Delivery, str, str | None]) -> list[VisibleDelivery]:
    rows = await session.execute(query.execution_options(populate_existing=True))
    return [VisibleDelivery(delivery, cast(VisibleStatus, status), reason) for delivery, status, reason in rows]


def _conditions(agency_id: str, sought: DeliveryFilter) -> list[ColumnElement[bool]]:
    columns = {
        Delivery.endpoint_id: sought.endpoint_id,
        Delivery.event_id: sought.event_id,
        Delivery.replay_id: sought.replay_id,
        Delivery.event_type: sought.event_type,
    }
    where = [column == value for column, value in columns.items() if value is not None]
    if sought.subject_id is not None:
        of_subject = select(Event.id).where(Event.agency_id == agency_id, Event.subject_id == sought.subject_id)
        where += [Delivery.subject_id == sought.subject_id, Delivery.event_id.in_(of_subject)]
    if sought.status == "open":
        where.append(conditions.is_open_indexed())
    elif sought.status is not None:
        where.append(conditions.has_visible_status(sought.status))
    if sought.reason is not None:
        where.append(_has_reason(sought.reason))
    if sought.status_class is not None:
        where.append(has_status_class(sought.status_class))
    return where + _made_in(sought)


def _has_reason(wanted: str) -> ColumnElement[bool]:
    """A blocked address is shown as a refused connection, and found as one."""
    told = func.replace(conditions.visible_reason(), "blocked_address", "connect_refused")
    return told == wanted


def _made_in(sought: DeliveryFilter) -> list[ColumnElement[bool]]:
    """By the time of the row, and by ids within the clock difference: the indexes are in the order of ids."""
    where: list[ColumnElement[bool]] = []
    if sought.since is not None:
        lowest = ids.since("delivery", sought.since)
        where += [Delivery.created_at >= sought.since, Delivery.id >= lowest]
    if sought.until is not None:
        highest = ids.until("delivery", sought.until)
        where += [Delivery.created_at < sought.until, Delivery.id < highest]
    return where
