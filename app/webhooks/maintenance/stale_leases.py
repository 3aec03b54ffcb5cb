"""What is stuck: marks and deliveries that nobody takes, leases nobody gives back, rows that wait for nothing."""

from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.events.models import OutboxEntry
from app.kit.database import CROSS_TENANT
from app.webhooks.models import OPEN, Delivery
from app.webhooks.monitoring import hold_conditions


async def marks(session: AsyncSession, limit: int) -> int:
    """Marks of events that would never be taken, or whose worker is long gone: due now. How many."""
    gone = OutboxEntry.lease_until < func.now() - hold_conditions.LATE
    lost = and_(OutboxEntry.due_at.is_(None), or_(OutboxEntry.lease_until.is_(None), gone))
    found = select(OutboxEntry.agency_id, OutboxEntry.id).where(or_(lost, and_(_late(OutboxEntry), gone)))
    freed = update(OutboxEntry).values(due_at=func.now(), lease_until=None, lease_token=None)
    return await _put_right(
        session, freed.where(tuple_(OutboxEntry.agency_id, OutboxEntry.id).in_(_locked(found, limit)))
    )


async def late_marks(session: AsyncSession, limit: int) -> int:
    """Marks that are late though nobody has them. They can be taken as they are: there is nothing to put right."""
    found = select(OutboxEntry.id).where(_late(OutboxEntry), OutboxEntry.lease_until.is_(None))
    return await _count(session, found, limit)


async def late_deliveries(session: AsyncSession, limit: int) -> int:
    """Deliveries that are late at endpoints which may be sent to and are not. They can be taken as they are."""
    endpoints = hold_conditions.stuck()
    found = select(Delivery.id).join(
        endpoints, and_(Delivery.agency_id == endpoints.c.agency_id, Delivery.endpoint_id == endpoints.c.id)
    )
    return await _count(session, found.where(*hold_conditions.is_late()), limit)


async def leases(session: AsyncSession, limit: int) -> int:
    """Deliveries whose worker is long gone, at endpoints nothing is sent to: given back. How many."""
    endpoints = hold_conditions.stuck()
    found = select(Delivery.agency_id, Delivery.id).join(
        endpoints, and_(Delivery.agency_id == endpoints.c.agency_id, Delivery.endpoint_id == endpoints.c.id)
    )
    gone = Delivery.lease_until < func.now() - hold_conditions.LATE
    freed = update(Delivery).values(lease_until=None, lease_token=None)
    return await _put_right(
        session, freed.where(_is_one_of(_locked(found.where(*hold_conditions.is_late(), gone), limit)), gone)
    )


async def without_due_at(session: AsyncSession, limit: int) -> int:
    """Open deliveries that are not due and wait for no earlier one of their subject: due now. How many."""
    quiet = or_(Delivery.last_attempt_at.is_(None), Delivery.last_attempt_at < func.now() - hold_conditions.LATE)
    free = or_(Delivery.lease_until.is_(None), Delivery.lease_until < func.now() - hold_conditions.LATE)
    return await let_go(session, Delivery.created_at < func.now() - hold_conditions.LATE, quiet, free, limit=limit)


async def let_go(session: AsyncSession, *where: ColumnElement[bool], limit: int) -> int:
    """Makes those of the deliveries due that wait for their turn, and whose turn it is. How many."""
    found = select(Delivery.agency_id, Delivery.id).where(
        Delivery.due_at.is_(None), Delivery.status.in_(OPEN), _waits_for_nothing(), *where
    )
    freed = update(Delivery).values(due_at=func.now(), reason=None, lease_until=None, lease_token=None)
    still = Delivery.due_at.is_(None), Delivery.status.in_(OPEN)
    return await _put_right(session, freed.where(_is_one_of(_locked(found, limit)), *still))


def _waits_for_nothing() -> ColumnElement[bool]:
    earlier = aliased(Delivery)
    under_way = exists().where(
        earlier.agency_id == Delivery.agency_id,
        earlier.endpoint_id == Delivery.endpoint_id,
        earlier.subject_id == Delivery.subject_id,
        earlier.sequence < Delivery.sequence,
        earlier.ordered,
        earlier.status.in_(OPEN),
    )
    to_come = exists().where(
        OutboxEntry.agency_id == Delivery.agency_id,
        OutboxEntry.subject_id == Delivery.subject_id,
        OutboxEntry.sequence < Delivery.sequence,
    )
    return or_(~Delivery.ordered, and_(~under_way, ~to_come))


def _late(model: type[OutboxEntry]) -> ColumnElement[bool]:
    return model.due_at < func.now() - hold_conditions.LATE


def _is_one_of(found: Any) -> ColumnElement[bool]:
    return tuple_(Delivery.agency_id, Delivery.id).in_(found)


def _locked(found: Any, limit: int) -> Any:
    """At most so many, without those somebody else is about to change."""
    return found.limit(limit).with_for_update(skip_locked=True, of=found.columns_clause_froms[0]).cte("found").select()


async def _put_right(session: AsyncSession, statement: Any) -> int:
    options = {"synchronize_session": False, **CROSS_TENANT}
    return cast(CursorResult[Any], await session.execute(statement.execution_options(**options))).rowcount


async def _count(session: AsyncSession, found: Any, limit: int) -> int:
    counted = select(func.count()).select_from(found.limit(limit).subquery())
    return (await session.execute(counted.execution_options(**CROSS_TENANT))).scalar_one()
