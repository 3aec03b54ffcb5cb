"""Job of replays: queues selected deliveries at a limited rate."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import CursorResult, delete, exists, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events import queries as events
from app.events.change_feed import BEFORE_ALL
from app.events.models import Event
from app.events.recorder import record
from app.events.schema import ReplayStatusData
from app.kit import jobs
from app.kit.actor import system_actor
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.jobs import JobType
from app.webhooks import metrics
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import conditions, creation, transitions
from app.webhooks.deliveries import service as deliveries
from app.webhooks.models import Delivery, Endpoint, Replay
from app.webhooks.replays import service
from app.webhooks.replays.service import Selection

LEASE = timedelta(seconds=60)
_TURN = timedelta(seconds=1)
#: Delay of a replay whose endpoint is disabled.
_REST = timedelta(seconds=30)
#: Maximum number of waiting retries of an endpoint; beyond it nothing is queued.
WAITING_AT_MOST = 1000


def work(tools: WebhookContext) -> list[JobType[Any]]:
    """Job types for the worker."""
    return [JobType("webhooks.replay", Replay, partial(advance, tools), lease=LEASE)]


async def advance(tools: WebhookContext, row: Replay) -> None:
    """Queue the deliveries of one second and save the position, in one transaction; a repetition has no effect.

    Raises LeaseLost if the replay was cancelled or another worker has it.
    """
    queued = 0
    async with tools.sessions.begin() as session:
        await jobs.hold(session, row, LEASE)  # locked first, as in `service.cancel`
        endpoint = await _endpoint(session, row)
        if endpoint.deleted_at is not None:
            await jobs.finish(session, row, due_in=None, status="cancelled", ended_at=func.now())
        elif endpoint.status != "active":
            await jobs.finish(session, row, due_in=_REST)
        else:
            queued = await _take_turn(session, row, endpoint, tools.public_url)
    metrics.REPLAYED.inc(queued)
    tools.alarm.ring()


async def _take_turn(session: AsyncSession, row: Replay, endpoint: Endpoint, public_url: str) -> int:
    """Queue what fits into one second. Returns the number of deliveries."""
    room = min(row.rate_per_second, WAITING_AT_MOST - await _waiting(session, row))
    if room <= 0:
        await jobs.finish(session, row, due_in=_TURN)
        return 0
    selection = Selection(row.selected, row.since, row.until, row.event_types, row.subject_ids)
    place = (row.last_transaction_id or 0, row.last_event_id or BEFORE_ALL)
    found = await service.next_matches(session, endpoint, selection, place, limit=room)
    queued = await _queue(session, row, endpoint, found, public_url)
    values: dict[str, Any] = {"queued": row.queued + queued}
    if found:
        values |= {"last_transaction_id": found[-1][0], "last_event_id": found[-1][1]}
    if len(found) == room:
        await jobs.finish(session, row, due_in=_TURN, **values)
        return queued
    await jobs.finish(session, row, due_in=None, status="completed", ended_at=func.now(), **values)
    data = ReplayStatusData(endpoint_id=endpoint.id, replay_id=row.id, status="completed")
    await record(
        session, catalog.REPLAY_COMPLETED, agency_id=row.agency_id, subject_id=row.id, actor=system_actor(), data=data
    )  # fmt: skip
    return queued


async def _queue(session: AsyncSession, row: Replay, endpoint: Endpoint, found: Any, public_url: str) -> int:
    """Requeue existing deliveries, and create the missing ones. Returns their number."""
    there = [delivery_id for _, _, delivery_id in found if delivery_id is not None]
    queued = 0
    if there:
        queued = await deliveries.requeue(
            session, row.agency_id, endpoint, there, replay_id=row.id, public_url=public_url
        )
    missing = [event_id for _, event_id, delivery_id in found if delivery_id is None]
    made: list[str] = []
    if missing:
        happened = await events.read(
            session, row.agency_id, Event.id.in_(missing), limit=len(missing), order=events.OLDEST_FIRST
        )
        for each in happened:
            made += await creation.create_deliveries(session, row.agency_id, each, [endpoint], public_url=public_url)
        await transitions.requeue(session, row.agency_id, endpoint, made, replay_id=row.id)
    return queued + len(made)


async def _endpoint(session: AsyncSession, row: Replay) -> Endpoint:
    """The endpoint, deleted or not."""
    query = select(Endpoint).where(Endpoint.agency_id == row.agency_id, Endpoint.id == row.endpoint_id)
    return (await session.scalars(query)).one()


async def _waiting(session: AsyncSession, row: Replay) -> int:
    waiting = (
        select(Delivery.id)
        .where(
            Delivery.agency_id == row.agency_id,
            Delivery.endpoint_id == row.endpoint_id,
            Delivery.slot_class == "retry",
            conditions.is_open_indexed(),
        )
        .limit(WAITING_AT_MOST)
    )
    counted = select(func.count()).select_from(waiting.subquery())
    return (await session.execute(counted)).scalar_one()


REPLAYS_KEPT = timedelta(days=90)


async def prune_replays(sessions: Sessions, now: datetime, limit: int) -> int:
    """Delete replays that ended 90 days ago and have no deliveries. Returns their number."""
    sent = exists().where(Delivery.agency_id == Replay.agency_id, Delivery.replay_id == Replay.id)
    found = select(Replay.agency_id, Replay.id).where(Replay.ended_at < now - REPLAYS_KEPT, ~sent).limit(limit)
    options = {"synchronize_session": False, **CROSS_TENANT}
    gone = delete(Replay).where(tuple_(Replay.agency_id, Replay.id).in_(found)).execution_options(**options)
    async with sessions.begin() as session:
        return cast(CursorResult[Any], await session.execute(gone)).rowcount
