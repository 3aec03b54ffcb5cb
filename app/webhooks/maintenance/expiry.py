"""Ending what was held for too long, and what is too much for one endpoint."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.events.recorder import KEYTURN, EventDraft, record, record_all
from app.events.types import webhooks as happenings
from app.kit.database import CROSS_TENANT
from app.webhooks.deliveries import visible_status
from app.webhooks.endpoints import event_filter
from app.webhooks.endpoints.models import Endpoint
from app.webhooks.maintenance import stale_leases
from app.webhooks.maintenance.context import MaintenanceContext
from app.webhooks.models import OPEN, Delivery
from app.webhooks.monitoring import hold_conditions, metrics

log = structlog.get_logger(__name__)

OVERFLOW = "backlog_limit"
#: One notice of an overflow in that time is enough.
_SAID_FOR = timedelta(hours=1)


async def end_expired(tools: MaintenanceContext) -> int:
    """Ends what was held until it was too old to be sent; what is not held is ended by whoever claims it.

    Of each endpoint the oldest are looked at: a round ends some, the next one more.
    """
    async with tools.sessions.begin() as session:
        ended = await _end(
            session, _oldest_held(tools.at_once), "cancelled", "expired", Delivery.expires_at < func.now()
        )
        await _tell(session, ended)
    metrics.delivery_ended("cancelled", "expired", len(ended))
    return len(ended)


async def end_overflow(tools: MaintenanceContext) -> int:
    """Gives up the oldest of what is pending beyond the limit of an endpoint, and says so in one event."""
    total = 0
    async with tools.sessions() as session:
        full = await _full(session, tools)
    for agency_id, endpoint_id, pending in full:
        excess = min(pending - tools.most_pending, tools.at_once)
        async with tools.sessions.begin() as session:
            ended = await _end(session, _oldest_of(agency_id, endpoint_id, excess), "exhausted", OVERFLOW)
            await _say_overflow(session, agency_id, endpoint_id, ended)
        metrics.delivery_ended("exhausted", OVERFLOW, len(ended))
        log.error("webhooks.backlog_limit", agency=agency_id, endpoint=endpoint_id, ended=len(ended))
        total += len(ended)
    return total


def _oldest_held(limit: int) -> Any:
    """Of each endpoint that is held, its oldest open deliveries; ids and ends rise together, save for replays."""
    of_endpoint = (
        select(Delivery.agency_id, Delivery.id)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id)
        .where(Delivery.status.in_(OPEN))
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .lateral("oldest")
    )
    found: Any = hold_conditions.with_health(select(of_endpoint.c.agency_id, of_endpoint.c.id))
    there = Endpoint.deleted_at.is_(None) & (Endpoint.status != "disabled")
    return found.join(of_endpoint, true()).where(there, visible_status.hold_of_endpoint().is_not(None))


def _oldest_of(agency_id: str, endpoint_id: str, limit: int) -> Any:
    found = select(Delivery.agency_id, Delivery.id).where(
        Delivery.agency_id == agency_id,
        Delivery.endpoint_id == endpoint_id,
        Delivery.status.in_(OPEN),
        hold_conditions.is_free(),
    )
    return found.order_by(Delivery.id).limit(limit).with_for_update(skip_locked=True)


async def _full(session: AsyncSession, tools: MaintenanceContext) -> Sequence[tuple[str, str, int]]:
    """Endpoints with more than the limit; no more is counted than is ended in a round."""
    some = (
        select(Delivery.id)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id)
        .where(Delivery.status.in_(OPEN))
        .limit(tools.most_pending + tools.at_once)
        .correlate(Endpoint)
        .subquery("some")
    )
    counted = select(func.count().label("pending")).select_from(some).lateral("counted")
    full = (
        select(Endpoint.agency_id, Endpoint.id, counted.c.pending)
        .join(counted, true())
        .where(counted.c.pending > tools.most_pending)
        .execution_options(**CROSS_TENANT)
    )
    return [(row.agency_id, row.id, row.pending) for row in await session.execute(full)]


async def _end(
    session: AsyncSession, found: Any, status: str, reason: str, *where: ColumnElement[bool]
) -> Sequence[Any]:
    """Ends those of the deliveries that nobody has or is about to change; the next of their subjects may go."""
    ended = (
        update(Delivery)
        .where(tuple_(Delivery.agency_id, Delivery.id).in_(found.cte("found").select()), Delivery.status.in_(OPEN))
        .where(hold_conditions.is_free(), *where)
        .values(status=status, reason=reason, due_at=None, lease_until=None, lease_token=None)
        .returning(
            Delivery.agency_id, Delivery.id, Delivery.endpoint_id, Delivery.event_id, Delivery.event_type,
            Delivery.series, Delivery.subject_id, Delivery.ordered, Delivery.status,
        )
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )  # fmt: skip
    rows = (await session.execute(ended)).all()
    subjects = {(row.agency_id, row.endpoint_id, row.subject_id) for row in rows if row.ordered}
    if subjects:
        theirs = tuple_(Delivery.agency_id, Delivery.endpoint_id, Delivery.subject_id).in_(sorted(subjects))
        await stale_leases.let_go(session, theirs, limit=len(subjects))
    return rows


async def _tell(session: AsyncSession, ended: Sequence[Any]) -> None:
    """That they were given up; not of a test, nor of such news itself: it would never end."""
    news: dict[str, list[EventDraft]] = defaultdict(list)
    for row in ended:
        if row.series != "test" and not row.event_type.startswith(event_filter.OPERATIONAL):
            data = {"endpoint_id": row.endpoint_id, "delivery_id": row.id, "status": row.status}
            news[row.agency_id].append(EventDraft(happenings.DELIVERY_EXHAUSTED, row.id, KEYTURN, data))
    for agency_id in sorted(news):
        await record_all(session, news[agency_id], agency_id=agency_id)


async def _say_overflow(session: AsyncSession, agency_id: str, endpoint_id: str, ended: Sequence[Any]) -> None:
    said = select(Event.facts["reason"].as_string()).where(
        Event.agency_id == agency_id,
        Event.subject_id == endpoint_id,
        Event.type == happenings.ENDPOINT_DEGRADED.name,
        Event.occurred_at > func.now() - _SAID_FOR,
    )
    if not ended or OVERFLOW in (await session.scalars(said)).all():
        return
    await record(
        session,
        happenings.ENDPOINT_DEGRADED,
        agency_id=agency_id,
        subject_id=endpoint_id,
        actor=KEYTURN,
        data={
            "endpoint_id": endpoint_id,
            "reason": OVERFLOW,
            "failed_count": len(ended),
            "sample_event_id": ended[0].event_id,
        },
    )
