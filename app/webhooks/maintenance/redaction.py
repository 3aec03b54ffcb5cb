"""Blanking what receivers answered: it may hold anything, and is kept for a shorter time than the attempt."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.database import CROSS_TENANT
from app.webhooks.endpoints.models import Endpoint
from app.webhooks.maintenance.context import MaintenanceContext
from app.webhooks.maintenance.models import PeriodicTask
from app.webhooks.models import Attempt

RETENTION = "retention"
#: Ids carry the time of the worker, rows that of the database: so far apart at most, and looked at again.
_SKEW = timedelta(hours=1)


async def blank(tools: MaintenanceContext, until: datetime, *, batches: int) -> bool:
    """Blanks all answers to attempts made before `until`. False when a round was not enough.

    How far it came stands with the chore, so that no round looks at what an earlier one has done; a round that was
    stopped is repeated, and finds only what it left.
    """
    async with tools.sessions() as session:
        since = await reached(session)
        agencies = await _agencies(session)
    for agency_id in agencies:
        last = ids.first("attempt", since - _SKEW) if since else None
        while found := await _blank_some(tools, agency_id, last, until):
            last = found[-1]
            batches -= 1
            if batches < 1:
                return False
    async with tools.sessions.begin() as session:
        await session.execute(update(PeriodicTask).where(PeriodicTask.id == RETENTION).values(reached=until))
    return True


async def reached(session: AsyncSession) -> datetime | None:
    """Up to when all answers are blank."""
    found: datetime | None = await session.scalar(select(PeriodicTask.reached).where(PeriodicTask.id == RETENTION))
    return found


async def _agencies(session: AsyncSession) -> Sequence[str]:
    found = select(Endpoint.agency_id).distinct().order_by(Endpoint.agency_id)
    return (await session.scalars(found.execution_options(**CROSS_TENANT))).all()


async def _blank_some(tools: MaintenanceContext, agency_id: str, last: str | None, until: datetime) -> Sequence[str]:
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
            await session.execute(_blanked(agency_id, [(row.id, row.created_at) for row in rows]))
    return [row.id for row in rows]


def _blanked(agency_id: str, rows: Sequence[tuple[str, datetime]]) -> Any:
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
