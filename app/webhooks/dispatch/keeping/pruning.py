"""Deleting finished deliveries that are past, a batch at a time."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.database import ACROSS_AGENCIES, Sessions
from app.webhooks.dispatch.model import TERMINAL, Delivery
from app.webhooks.endpoints.model import Endpoint


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
    options = {"synchronize_session": False, **ACROSS_AGENCIES}
    async with sessions.begin() as session:
        done = await session.execute(gone.execution_options(**options))
    return cast(CursorResult[Any], done).rowcount


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
    found: datetime | None = (await session.execute(oldest.execution_options(**ACROSS_AGENCIES))).scalar_one()
    return found


def _is_past(past: datetime) -> tuple[ColumnElement[bool], ...]:
    """Ids rise with time: the index by endpoint and id leads to the old ones."""
    touched = func.coalesce(Delivery.last_attempt_at, Delivery.created_at)
    return Delivery.id < ids.first("delivery", past), Delivery.state.in_(TERMINAL), touched < past
