"""Reading replays, and how far each has come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.errors import NotFound
from app.webhooks.models import OPEN, Delivery
from app.webhooks.replays.models import Replay


@dataclass(frozen=True)
class Progress:
    """Results of the deliveries that a replay queued; without those that something else requeued since."""

    delivered: int = 0
    failed: int = 0
    pending: int = 0


async def find(session: AsyncSession, agency_id: str, replay_id: str) -> Replay:
    """One replay. Raises NotFound."""
    query = select(Replay).where(Replay.agency_id == agency_id, Replay.id == replay_id)
    found = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


async def page(session: AsyncSession, agency_id: str, *, limit: int, before: str | None = None) -> Sequence[Replay]:
    """Replays, newest first; `before` is the id of the last one seen."""
    query = select(Replay).where(Replay.agency_id == agency_id)
    if before is not None:
        query = query.where(Replay.id < before)
    return (await session.scalars(query.order_by(Replay.id.desc()).limit(limit))).all()


async def running(session: AsyncSession, agency_id: str) -> int:
    """Number of running replays."""
    query = select(func.count()).where(Replay.agency_id == agency_id, Replay.status == "running")
    return (await session.execute(query)).scalar_one()


async def progress(session: AsyncSession, agency_id: str, replay_ids: Collection[str]) -> dict[str, Progress]:
    """By replay; those that queued nothing are not in it."""
    delivered = func.count().filter(Delivery.status == "succeeded")
    pending = func.count().filter(Delivery.status.in_(OPEN))
    counted = await session.execute(
        select(Delivery.replay_id, delivered, pending, func.count())
        .where(Delivery.agency_id == agency_id, Delivery.replay_id.in_(sorted(replay_ids)))
        .group_by(Delivery.replay_id)
    )
    return {str(one): Progress(good, whole - good - rest, rest) for one, good, rest, whole in counted}
