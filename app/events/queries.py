"""Queries of events, with their personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, UnaryExpression, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event, EventPersonal
from app.events.rendering import EventRecord
from app.kit import ids
from app.kit.errors import NotFound


@dataclass(frozen=True)
class EventFilter:
    """Event filter: types (none means all), subject, from `since` (inclusive) to `until` (exclusive)."""

    types: Sequence[str] = ()
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = EventFilter()
_EMPTY = literal({}, EventPersonal.data.type)
_COLUMNS = [
    getattr(Event, name) if name != "personal" else func.coalesce(EventPersonal.data, _EMPTY)
    for name in EventRecord._fields
]
NEWEST_FIRST = (Event.transaction_id.desc(), Event.id.desc())
OLDEST_FIRST = (Event.transaction_id.asc(), Event.id.asc())


def horizon() -> ColumnElement[int]:
    """The oldest running transaction: everything below it is committed. See `numbering`."""
    oldest = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return cast(cast(oldest, Text), BigInteger) + func.transaction_base(type_=BigInteger)


def settled() -> ColumnElement[bool]:
    """True for events below the oldest running transaction: no earlier event can appear any more."""
    return Event.transaction_id < horizon()


def conditions(wanted: EventFilter) -> list[ColumnElement[bool]]:
    """SQL conditions of a filter. Time also limits the id, as far as clocks agree: ids are in the indexes."""
    where: list[ColumnElement[bool]] = []
    if wanted.types:
        where.append(Event.type.in_(wanted.types))
    if wanted.subject_id:
        where.append(Event.subject_id == wanted.subject_id)
    if wanted.since is not None:
        lowest = ids.since("evt", wanted.since)
        where += [Event.occurred_at >= wanted.since, Event.id >= lowest]
    if wanted.until is not None:
        highest = ids.until("evt", wanted.until)
        where += [Event.occurred_at < wanted.until, Event.id < highest]
    return where


async def find(session: AsyncSession, agency_id: str, event_id: str) -> EventRecord:
    """Load one event. Raises NotFound."""
    rows = await read(session, agency_id, Event.id == event_id, limit=1)
    if not rows:
        raise NotFound
    return rows[0]


async def newest(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    before: tuple[int, str] | None = None,
    wanted: EventFilter = EVERYTHING,
) -> list[EventRecord]:
    """Events, newest first in commit order; `before` is the (transaction_id, id) of the last one seen."""
    where = [settled(), *conditions(wanted)]
    if before:
        transaction_id, event_id = before
        last = tuple_(literal(transaction_id, BigInteger), literal(event_id, Event.id.type))
        where.append(tuple_(Event.transaction_id, Event.id) < last)
    return await read(session, agency_id, *where, limit=limit)


async def read(
    session: AsyncSession,
    agency_id: str,
    *where: ColumnElement[bool],
    limit: int,
    order: tuple[UnaryExpression[Any], ...] = NEWEST_FIRST,
) -> list[EventRecord]:
    """Load events of an agency with their personal data."""
    rows = await session.execute(
        select(*_COLUMNS)
        .outerjoin(EventPersonal, (EventPersonal.agency_id == Event.agency_id) & (EventPersonal.id == Event.id))
        .where(Event.agency_id == agency_id, *where)
        .order_by(*order)
        .limit(limit)
    )
    return [EventRecord._make(row) for row in rows]
