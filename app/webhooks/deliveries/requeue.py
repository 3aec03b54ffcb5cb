"""Beginning deliveries anew: a retry by hand and a replay start another series of attempts on the same row."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.webhooks.deliveries import bodies, visible_status
from app.webhooks.deliveries.bodies import DELETED
from app.webhooks.dispatcher import ordering
from app.webhooks.endpoints.models import Endpoint
from app.webhooks.models import OPEN, TERMINAL, Delivery
from app.webhooks.policies import retry_policy


async def begin(
    session: AsyncSession, agency_id: str, endpoint: Endpoint, delivery_ids: Collection[str], *, replay_id: str | None
) -> int:
    """Queues those that are over and have not lost their body for good; how many they were.

    Where the endpoint wants order they wait for their turn, and what comes after them waits for them.
    """
    await ordering.hold(session, agency_id, endpoint.id)
    rows = await _lock(session, agency_id, delivery_ids)
    await bodies.ensure(session, agency_id, endpoint, rows)
    await queue(session, agency_id, endpoint, [row.id for row in rows], replay_id=replay_id)
    return len(rows)


async def queue(
    session: AsyncSession, agency_id: str, endpoint: Endpoint, delivery_ids: Collection[str], *, replay_id: str | None
) -> None:
    """Makes these rows, which nobody else works on, the start of a series."""
    ordered = endpoint.ordering == "by_subject"
    await ordering.hold(session, agency_id, endpoint.id)
    queued = (
        update(Delivery)
        .where(Delivery.agency_id == agency_id, Delivery.id.in_(sorted(delivery_ids)))
        .values(
            status="pending",
            share="again",
            ordered=ordered,
            reason="ordering" if ordered else None,
            due_at=None if ordered else func.now(),
            lease_until=None,
            lease_token=None,
            tries=0,
            series_attempts=0,
            expires_at=func.now() + retry_policy.age_limit(endpoint.retry_policy),
            replay_id=replay_id,
        )
        .returning(Delivery.subject_id)
        .execution_options(synchronize_session=False)
    )
    subjects = set(await session.scalars(queued))
    if ordered and subjects:
        await _step_back(session, agency_id, endpoint.id, subjects)
        await ordering.release(session, agency_id, endpoint.id, sorted(subjects))


async def _lock(session: AsyncSession, agency_id: str, delivery_ids: Collection[str]) -> Sequence[Delivery]:
    """In the order of their ids, so that two who do this do not wait in a circle."""
    query = (
        select(Delivery)
        .where(
            Delivery.agency_id == agency_id,
            Delivery.id.in_(sorted(delivery_ids)),
            Delivery.status.in_(TERMINAL),
            Delivery.body_created_at != DELETED,
        )
        .order_by(Delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


async def _step_back(session: AsyncSession, agency_id: str, endpoint_id: str, subjects: Collection[str]) -> None:
    """Later ones of a subject that were to go next wait for the earlier one that is there again."""
    earlier = aliased(Delivery)
    before_it = select(earlier.id).where(
        earlier.agency_id == agency_id,
        earlier.endpoint_id == endpoint_id,
        earlier.subject_id == Delivery.subject_id,
        earlier.sequence < Delivery.sequence,
        earlier.ordered,
        earlier.status.in_(OPEN),
    )
    await session.execute(
        update(Delivery)
        .where(
            Delivery.agency_id == agency_id,
            Delivery.endpoint_id == endpoint_id,
            Delivery.subject_id.in_(sorted(subjects)),
            Delivery.ordered,
            visible_status.not_over(),
            Delivery.due_at.is_not(None),
            ~visible_status.in_flight(),
            before_it.correlate(Delivery).exists(),
        )
        .values(due_at=None, reason="ordering")
        .execution_options(synchronize_session=False)
    )
