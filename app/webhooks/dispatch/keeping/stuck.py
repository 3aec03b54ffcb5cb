"""What is stuck: marks and deliveries that nobody takes, leases nobody gives back, rows that wait for nothing."""

from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.events.model import EventFanout
from app.kit.database import ACROSS_AGENCIES
from app.webhooks.dispatch.model import OPEN, Delivery
from app.webhooks.dispatch.seeing import held


async def marks(session: AsyncSession, limit: int) -> int:
    """Marks of events that would never be taken, or whose worker is long gone: due now. How many."""
    gone = EventFanout.lease_until < func.now() - held.LATE
    lost = and_(EventFanout.due_at.is_(None), or_(EventFanout.lease_until.is_(None), gone))
    found = select(EventFanout.agency_id, EventFanout.id).where(or_(lost, and_(_late(EventFanout), gone)))
    freed = update(EventFanout).values(due_at=func.now(), lease_until=None, lease_token=None)
    return await _put_right(
        session, freed.where(tuple_(EventFanout.agency_id, EventFanout.id).in_(_locked(found, limit)))
    )


async def late_marks(session: AsyncSession, limit: int) -> int:
    """Marks that are late though nobody has them. They can be taken as they are: there is nothing to put right."""
    found = select(EventFanout.id).where(_late(EventFanout), EventFanout.lease_until.is_(None))
    return await _count(session, found, limit)


async def late_deliveries(session: AsyncSession, limit: int) -> int:
    """Deliveries that are late at endpoints which may be sent to and are not. They can be taken as they are."""
    endpoints = held.stuck()
    found = select(Delivery.id).join(
        endpoints, and_(Delivery.agency_id == endpoints.c.agency_id, Delivery.endpoint_id == endpoints.c.id)
    )
    return await _count(session, found.where(*held.is_late()), limit)


async def leases(session: AsyncSession, limit: int) -> int:
    """Deliveries whose worker is long gone, at endpoints nothing is sent to: given back. How many."""
    endpoints = held.stuck()
    found = select(Delivery.agency_id, Delivery.id).join(
        endpoints, and_(Delivery.agency_id == endpoints.c.agency_id, Delivery.endpoint_id == endpoints.c.id)
    )
    gone = Delivery.lease_until < func.now() - held.LATE
    freed = update(Delivery).values(lease_until=None, lease_token=None)
    return await _put_right(session, freed.where(_is_one_of(_locked(found.where(*held.is_late(), gone), limit)), gone))


async def without_due_at(session: AsyncSession, limit: int) -> int:
    """Open deliveries that are not due and wait for no earlier one of their subject: due now. How many."""
    quiet = or_(Delivery.last_attempt_at.is_(None), Delivery.last_attempt_at < func.now() - held.LATE)
    free = or_(Delivery.lease_until.is_(None), Delivery.lease_until < func.now() - held.LATE)
    return await let_go(session, Delivery.created_at < func.now() - held.LATE, quiet, free, limit=limit)


async def let_go(session: AsyncSession, *where: ColumnElement[bool], limit: int) -> int:
    """Makes those of the deliveries due that wait for their turn, and whose turn it is. How many."""
    found = select(Delivery.agency_id, Delivery.id).where(
        Delivery.due_at.is_(None), Delivery.state.in_(OPEN), _waits_for_nothing(), *where
    )
    freed = update(Delivery).values(due_at=func.now(), reason=None, lease_until=None, lease_token=None)
    still = Delivery.due_at.is_(None), Delivery.state.in_(OPEN)
    return await _put_right(session, freed.where(_is_one_of(_locked(found, limit)), *still))


def _waits_for_nothing() -> ColumnElement[bool]:
    earlier = aliased(Delivery)
    under_way = exists().where(
        earlier.agency_id == Delivery.agency_id,
        earlier.endpoint_id == Delivery.endpoint_id,
        earlier.subject_id == Delivery.subject_id,
        earlier.sequence < Delivery.sequence,
        earlier.ordered,
        earlier.state.in_(OPEN),
    )
    to_come = exists().where(
        EventFanout.agency_id == Delivery.agency_id,
        EventFanout.subject_id == Delivery.subject_id,
        EventFanout.sequence < Delivery.sequence,
    )
    return or_(~Delivery.ordered, and_(~under_way, ~to_come))


def _late(model: type[EventFanout]) -> ColumnElement[bool]:
    return model.due_at < func.now() - held.LATE


def _is_one_of(found: Any) -> ColumnElement[bool]:
    return tuple_(Delivery.agency_id, Delivery.id).in_(found)


def _locked(found: Any, limit: int) -> Any:
    """At most so many, without those somebody else is about to change."""
    return found.limit(limit).with_for_update(skip_locked=True, of=found.columns_clause_froms[0]).cte("found").select()


async def _put_right(session: AsyncSession, statement: Any) -> int:
    options = {"synchronize_session": False, **ACROSS_AGENCIES}
    return cast(CursorResult[Any], await session.execute(statement.execution_options(**options))).rowcount


async def _count(session: AsyncSession, found: Any, limit: int) -> int:
    counted = select(func.count()).select_from(found.limit(limit).subquery())
    return (await session.execute(counted.execution_options(**ACROSS_AGENCIES))).scalar_one()
