"""Retention: every hour, deletes what is past its time in small transactions, so that it may stop anywhere."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, Uuid, delete, func, select, true, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import bulk_params, clock, ids
from app.kit.database import CROSS_TENANT, Sessions
from app.webhooks.endpoints.models import Endpoint
from app.webhooks.maintenance import partitions, redaction
from app.webhooks.maintenance import partitions as partition_drops
from app.webhooks.maintenance.context import MaintenanceContext
from app.webhooks.models import TERMINAL, Attempt, Delivery

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


async def days(session: AsyncSession, tools: MaintenanceContext, now: datetime) -> float:
    """0 while all is in time, to the hour; a month counts as past when it has ended, not while it runs."""
    past = now - timedelta(days=tools.days)
    ends = [end for _, end in await partitions.ends(session)]
    kept = [*ends[:1], await partitions.oldest_in_net(session), await oldest_past(session, past)]
    late = [past - oldest for oldest in kept if oldest is not None]
    blanked = await redaction.reached(session)
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


async def tidy(tools: MaintenanceContext) -> timedelta:
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
    blank = await redaction.blank(tools, now - timedelta(days=tools.body_days), batches=BATCHES)
    return EVERY if whole and blank else SOON


async def _until_done(batch: Batch, full: int) -> bool:
    """True if all is gone; not when the round has done enough."""
    for _ in range(BATCHES):
        if await batch() < full:
            return True
    return False
