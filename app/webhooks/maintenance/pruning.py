"""Deleting finished deliveries that are past, a batch at a time."""

from datetime import datetime

from sqlalchemy import ColumnElement, Uuid, delete, func, select, true, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import bulk_params, ids
from app.kit.database import CROSS_TENANT, Sessions
from app.webhooks.endpoints.models import Endpoint
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
        tuple_(Delivery.agency_id, Delivery.id).in_(found.limit(limit)), Delivery.state.in_(TERMINAL)
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
    return Delivery.id < ids.first("delivery", past), Delivery.state.in_(TERMINAL), touched < past
