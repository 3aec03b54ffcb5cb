"""Periodic tasks of webhooks: the job type that runs them, and the sweep.

The sweep runs every half minute. It repairs stuck rows, logs them as errors, and ends deliveries that are too old or
too many.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, cast

import structlog
from sqlalchemy import ColumnElement, CursorResult, and_, func, or_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.models import Event, OutboxEntry
from app.events.recorder import record
from app.events.schema import EndpointFailureData
from app.kit import jobs
from app.kit.actor import system_actor
from app.kit.database import CROSS_TENANT
from app.kit.jobs import JobType
from app.webhooks import metrics
from app.webhooks.context import MaintenanceContext
from app.webhooks.deliveries import conditions, transitions
from app.webhooks.deliveries.service import record_exhausted
from app.webhooks.deliveries.transitions import EndedDelivery
from app.webhooks.maintenance import failure_notifications, retention
from app.webhooks.models import OPEN, Delivery, Endpoint, PeriodicTask
from app.webhooks.policies.end_reason import EndReason

log = structlog.get_logger(__name__)
SWEEP = "sweep"
SWEEP_EVERY = timedelta(seconds=30)
#: Interval between two events about the overflow of an endpoint.
_SAID_FOR = timedelta(hours=1)
Look = Callable[[AsyncSession, int], Awaitable[int]]


def work(tools: MaintenanceContext) -> list[JobType[Any]]:
    """Job types for the worker."""
    return [
        JobType("webhooks.chores", PeriodicTask, partial(run_task, tools), concurrency=2, longest=timedelta(minutes=15))
    ]


async def run_task(tools: MaintenanceContext, row: PeriodicTask) -> None:
    """Run a task once. One that fails is retried: a task can be repeated."""
    of_others = tools.tasks.get(row.id)
    again = await (of_others() if of_others else TASKS[row.id](tools))
    async with tools.sessions.begin() as session:
        await jobs.finish(session, row, due_in=again)


async def sweep(tools: MaintenanceContext) -> timedelta:
    """Run one round, each part in its own transaction. Returns the delay until the next."""
    for kind, look in KINDS.items():
        async with tools.sessions.begin() as session:
            found = await look(session, tools.at_once)
        if found:
            metrics.FIXED.labels(kind).inc(found)
            log.error("webhooks.stuck", kind=kind, found=found)
    await end_expired(tools)
    await end_overflow(tools)
    await failure_notifications.notify_agencies(tools)
    return SWEEP_EVERY


async def release_outbox(session: AsyncSession, limit: int) -> int:
    """Make outbox entries due that have no due time or a stale lease. Returns their number."""
    gone = OutboxEntry.lease_until < func.now() - conditions.LATE
    lost = and_(OutboxEntry.due_at.is_(None), or_(OutboxEntry.lease_until.is_(None), gone))
    found = select(OutboxEntry.agency_id, OutboxEntry.id).where(or_(lost, and_(_late(OutboxEntry), gone)))
    freed = update(OutboxEntry).values(due_at=func.now(), lease_until=None, lease_token=None)
    return await _update(session, freed.where(tuple_(OutboxEntry.agency_id, OutboxEntry.id).in_(_locked(found, limit))))


async def count_late_outbox(session: AsyncSession, limit: int) -> int:
    """Count outbox entries that are late but not leased. There is nothing to repair."""
    found = select(OutboxEntry.id).where(_late(OutboxEntry), OutboxEntry.lease_until.is_(None))
    return await _count(session, found, limit)


async def count_late_deliveries(session: AsyncSession, limit: int) -> int:
    """Count late deliveries of stuck endpoints. There is nothing to repair."""
    endpoints = conditions.stuck_endpoints()
    found = select(Delivery.id).join(
        endpoints, and_(Delivery.agency_id == endpoints.c.agency_id, Delivery.endpoint_id == endpoints.c.id)
    )
    return await _count(session, found.where(*conditions.is_late()), limit)


async def release_stale_leases(session: AsyncSession, limit: int) -> int:
    """Revoke stale leases of deliveries of stuck endpoints. Returns their number."""
    endpoints = conditions.stuck_endpoints()
    found = select(Delivery.agency_id, Delivery.id).join(
        endpoints, and_(Delivery.agency_id == endpoints.c.agency_id, Delivery.endpoint_id == endpoints.c.id)
    )
    gone = Delivery.lease_until < func.now() - conditions.LATE
    late = found.where(*conditions.is_late(), gone)
    return await transitions.revoke_leases(session, transitions.among(late, limit), gone)


async def release_forgotten(session: AsyncSession, limit: int) -> int:
    """Make open deliveries due that have no due time and wait for no earlier one. Returns their number."""
    quiet = or_(Delivery.last_attempt_at.is_(None), Delivery.last_attempt_at < func.now() - conditions.LATE)
    free = or_(Delivery.lease_until.is_(None), Delivery.lease_until < func.now() - conditions.LATE)
    return await transitions.release_waiting(
        session, Delivery.created_at < func.now() - conditions.LATE, quiet, free, limit=limit
    )


async def end_expired(tools: MaintenanceContext) -> int:
    """End held deliveries that are too old. A claim ends those that are not held.

    A round reads the oldest of each endpoint; the next round continues.
    """
    async with tools.sessions.begin() as session:
        ended = await transitions.end_unleased(
            session, _oldest_held(tools.at_once), EndReason.EXPIRED, Delivery.expires_at < func.now()
        )
        await record_exhausted(session, ended)
    metrics.delivery_ended(EndReason.EXPIRED.status, EndReason.EXPIRED, len(ended))
    return len(ended)


async def end_overflow(tools: MaintenanceContext) -> int:
    """End the oldest open deliveries beyond the limit of an endpoint, and report it in one event."""
    total = 0
    async with tools.sessions() as session:
        full = await _full(session, tools)
    for agency_id, endpoint_id, pending in full:
        excess = min(pending - tools.most_pending, tools.at_once)
        async with tools.sessions.begin() as session:
            ended = await transitions.end_unleased(
                session, _oldest_of(agency_id, endpoint_id, excess), EndReason.BACKLOG_LIMIT
            )
            await _record_overflow(session, agency_id, endpoint_id, ended)
        metrics.delivery_ended(EndReason.BACKLOG_LIMIT.status, EndReason.BACKLOG_LIMIT, len(ended))
        log.error("webhooks.backlog_limit", agency=agency_id, endpoint=endpoint_id, ended=len(ended))
        total += len(ended)
    return total


def _late(model: type[OutboxEntry]) -> ColumnElement[bool]:
    return model.due_at < func.now() - conditions.LATE


def _locked(found: Any, limit: int) -> Any:
    """Up to `limit` rows, without those that are locked."""
    return found.limit(limit).with_for_update(skip_locked=True, of=found.columns_clause_froms[0]).cte("found").select()


async def _update(session: AsyncSession, statement: Any) -> int:
    options = {"synchronize_session": False, **CROSS_TENANT}
    return cast(CursorResult[Any], await session.execute(statement.execution_options(**options))).rowcount


async def _count(session: AsyncSession, found: Any, limit: int) -> int:
    counted = select(func.count()).select_from(found.limit(limit).subquery())
    return (await session.execute(counted.execution_options(**CROSS_TENANT))).scalar_one()


def _oldest_held(limit: int) -> Any:
    """The oldest open deliveries of each held endpoint. Except for replays, ids and expiry rise together."""
    of_endpoint = (
        select(Delivery.agency_id, Delivery.id)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id)
        .where(Delivery.status.in_(OPEN))
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .lateral("oldest")
    )
    found: Any = conditions.with_health(select(of_endpoint.c.agency_id, of_endpoint.c.id))
    there = Endpoint.deleted_at.is_(None) & (Endpoint.status != "disabled")
    return found.join(of_endpoint, true()).where(there, conditions.endpoint_hold().is_not(None))


def _oldest_of(agency_id: str, endpoint_id: str, limit: int) -> Any:
    found = select(Delivery.agency_id, Delivery.id).where(
        Delivery.agency_id == agency_id,
        Delivery.endpoint_id == endpoint_id,
        Delivery.status.in_(OPEN),
        conditions.is_unleased(),
    )
    return found.order_by(Delivery.id).limit(limit).with_for_update(skip_locked=True)


async def _full(session: AsyncSession, tools: MaintenanceContext) -> Sequence[tuple[str, str, int]]:
    """Endpoints over the limit. Counts no more than a round ends."""
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


async def _record_overflow(
    session: AsyncSession, agency_id: str, endpoint_id: str, ended: Sequence[EndedDelivery]
) -> None:
    said = select(Event.facts["reason"].as_string()).where(
        Event.agency_id == agency_id,
        Event.subject_id == endpoint_id,
        Event.type == catalog.ENDPOINT_DEGRADED.name,
        Event.occurred_at > func.now() - _SAID_FOR,
    )
    if not ended or EndReason.BACKLOG_LIMIT in (await session.scalars(said)).all():
        return
    await record(
        session,
        catalog.ENDPOINT_DEGRADED,
        agency_id=agency_id,
        subject_id=endpoint_id,
        actor=system_actor(),
        data=EndpointFailureData(
            endpoint_id=endpoint_id,
            status=await session.scalar(
                select(Endpoint.status).where(Endpoint.agency_id == agency_id, Endpoint.id == endpoint_id)
            ),
            reason=EndReason.BACKLOG_LIMIT,
            failed_count=len(ended),
            sample_event_id=ended[0].event_id,
        ),
    )


#: Kinds of stuck rows, and the function that repairs or counts them. Each is a bug or an overload and is logged.
KINDS: dict[str, Look] = {
    "fan_out": release_outbox,
    "fan_out_late": count_late_outbox,
    "delivery_late": count_late_deliveries,
    "lease": release_stale_leases,
    "no_due_at": release_forgotten,
}
#: Periodic tasks. Each returns the delay until it is due again.
TASKS: dict[str, Callable[[MaintenanceContext], Awaitable[timedelta]]] = {
    SWEEP: sweep,
    retention.RETENTION: retention.prune,
}
