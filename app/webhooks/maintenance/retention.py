"""Retention: every hour, deletes what is past its time in small transactions, so that it may stop anywhere."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Uuid, delete, func, or_, select, true, tuple_, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import bulk_params, clock, ids
from app.kit.database import CROSS_TENANT, Sessions
from app.webhooks.context import MaintenanceContext
from app.webhooks.maintenance import partitions
from app.webhooks.maintenance import partitions as partition_drops
from app.webhooks.models import TERMINAL, Attempt, Delivery, Endpoint, PeriodicTask

_agency, _delivery = type_coerce(Delivery.agency_id, Uuid()), type_coerce(Delivery.id, Uuid())
_GONE: bulk_params.Columns = {"agency_id": Uuid(), "delivery_id": Uuid()}
_gone = bulk_params.table("gone", _GONE)
_THEIR_ATTEMPTS = delete(Attempt).where(
    Attempt.agency_id == _gone.c.agency_id, Attempt.delivery_id == _gone.c.delivery_id
)


async def prune_deliveries(sessions: Sessions, past: datetime, limit: int) -> int:
    """Deletes finished deliveries nothing happened to since then, tests too; their attempts go with them. How many."""
    of_endpoint = (
        select(Delivery.agency_id, Delivery.id)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id, *_is_past(past))
        .order_by(Delivery.id)
        .limit(limit)
        .lateral("past")
    )
    found = select(of_endpoint.c.agency_id, of_endpoint.c.id).select_from(Endpoint).join(of_endpoint, true())
    gone = delete(Delivery).where(
        tuple_(Delivery.agency_id, Delivery.id).in_(found.limit(limit)), Delivery.status.in_(TERMINAL)
    )
    options = {"synchronize_session": False, **CROSS_TENANT}
    async with sessions.begin() as session:
        pruned = await session.execute(gone.returning(_agency, _delivery).execution_options(**options))
        keys = [tuple(row) for row in pruned]
        if keys:
            await session.execute(_THEIR_ATTEMPTS, bulk_params.values("gone", _GONE, keys), execution_options=options)
    return len(keys)


async def oldest_past(session: AsyncSession, past: datetime) -> datetime | None:
    """The oldest delivery that should have been pruned by now."""
    of_endpoint = (
        select(Delivery.created_at)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id, *_is_past(past))
        .order_by(Delivery.id)
        .limit(1)
        .lateral("past")
    )
    oldest = select(func.min(of_endpoint.c.created_at)).select_from(Endpoint).join(of_endpoint, true())
    found: datetime | None = (await session.execute(oldest.execution_options(**CROSS_TENANT))).scalar_one()
    return found


def _is_past(past: datetime) -> tuple[ColumnElement[bool], ...]:
    """Ids rise with time: the index by endpoint and id leads to the old ones."""
    touched = func.coalesce(Delivery.last_attempt_at, Delivery.created_at)
    return Delivery.id < ids.first("delivery", past), Delivery.status.in_(TERMINAL), touched < past


_DAY = timedelta(days=1)


async def lag_days(session: AsyncSession, tools: MaintenanceContext, now: datetime) -> float:
    """0 while all is in time, to the hour; a month counts as past when it has ended, not while it runs."""
    past = now - timedelta(days=tools.days)
    ends = [end for _, end in await partitions.ends(session)]
    kept = [*ends[:1], await partitions.oldest_in_net(session), await oldest_past(session, past)]
    late = [past - oldest for oldest in kept if oldest is not None]
    blanked = await redacted_until(session)
    if blanked is not None:
        late.append(now - timedelta(days=tools.body_days) - blanked)
    return max([0.0, *(each / _DAY for each in late)])


log = structlog.get_logger(__name__)

CHORE = "retention"
EVERY = timedelta(hours=1)
#: When a round left something over: soon again, with a breath between.
SOON = timedelta(seconds=10)
#: So many statements of each kind a round.
BATCHES = 50

Batch = Callable[[], Awaitable[int]]


async def prune(tools: MaintenanceContext) -> timedelta:
    """One round: sees that the coming months have partitions, then takes away what is past. How long until the next."""
    now = clock.now()
    await partitions.ensure(tools.sessions, now.date())
    past = now - timedelta(days=tools.days)
    whole = await partition_drops.drop_past(tools.sessions, past)
    batches: tuple[Batch, ...] = (
        *(
            partial(partition_drops.empty_net, tools.sessions, table, past, tools.at_once)
            for table in partitions.TABLES
        ),
        partial(prune_deliveries, tools.sessions, past, tools.at_once),
        *(partial(other, tools.sessions, now, tools.at_once) for other in tools.others),
    )
    for batch in batches:
        whole = await _until_done(batch, tools.at_once) and whole
    blank = await redact_answers(tools, now - timedelta(days=tools.body_days), batches=BATCHES)
    return EVERY if whole and blank else SOON


async def _until_done(batch: Batch, full: int) -> bool:
    """True if all is gone; not when the round has done enough."""
    for _ in range(BATCHES):
        if await batch() < full:
            return True
    return False


RETENTION = "retention"
#: Ids carry the time of the worker, rows that of the database: so far apart at most, and looked at again.
_SKEW = timedelta(hours=1)


async def redact_answers(tools: MaintenanceContext, until: datetime, *, batches: int) -> bool:
    """Blanks all answers to attempts made before `until`. False when a round was not enough.

    How far it came stands with the chore, so that no round looks at what an earlier one has done; a round that was
    stopped is repeated, and finds only what it left.
    """
    async with tools.sessions() as session:
        since = await redacted_until(session)
        agencies = await _agencies(session)
    for agency_id in agencies:
        last = ids.first("attempt", since - _SKEW) if since else None
        while found := await _redact_some(tools, agency_id, last, until):
            last = found[-1]
            batches -= 1
            if batches < 1:
                return False
    async with tools.sessions.begin() as session:
        await session.execute(update(PeriodicTask).where(PeriodicTask.id == RETENTION).values(reached=until))
    return True


async def redacted_until(session: AsyncSession) -> datetime | None:
    """Up to when all answers are blank."""
    found: datetime | None = await session.scalar(select(PeriodicTask.reached).where(PeriodicTask.id == RETENTION))
    return found


async def _agencies(session: AsyncSession) -> Sequence[str]:
    found = select(Endpoint.agency_id).distinct().order_by(Endpoint.agency_id)
    return (await session.scalars(found.execution_options(**CROSS_TENANT))).all()


async def _redact_some(tools: MaintenanceContext, agency_id: str, last: str | None, until: datetime) -> Sequence[str]:
    """Blanks some after the last; their ids in order, none when there are no more."""
    found = select(Attempt.id, Attempt.created_at).where(
        Attempt.agency_id == agency_id,
        Attempt.id < ids.first("attempt", until),
        or_(Attempt.body != "", Attempt.headers != {}),
    )
    if last is not None:
        found = found.where(Attempt.id > last)
    async with tools.sessions.begin() as session:
        rows = (await session.execute(found.order_by(Attempt.id).limit(tools.at_once))).all()
        if rows:
            await session.execute(_redaction(agency_id, [(row.id, row.created_at) for row in rows]))
    return [row.id for row in rows]


def _redaction(agency_id: str, rows: Sequence[tuple[str, datetime]]) -> Any:
    """The moments lead to the partitions."""
    return (
        update(Attempt)
        .where(
            Attempt.agency_id == agency_id,
            tuple_(Attempt.id, Attempt.created_at).in_(rows),
            Attempt.created_at >= min(moment for _, moment in rows),
            Attempt.created_at <= max(moment for _, moment in rows),
        )
        .values(body="", headers={})
        .execution_options(synchronize_session=False)
    )
