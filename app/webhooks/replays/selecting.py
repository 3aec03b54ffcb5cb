"""Events that a replay selects, in the order of the feed: failed, missing, skipped, or all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, func, literal, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events import queries as events
from app.events.models import Event, OutboxEntry
from app.events.queries import EventFilter
from app.webhooks.deliveries.bodies import DELETED
from app.webhooks.endpoints.service import unknown_type
from app.webhooks.models import TERMINAL, Delivery, Endpoint
from app.webhooks.policies import event_filter
from app.webhooks.replays.models import Select as Selected

#: Cancelled, but not because somebody did not want it.
GIVEN_UP = ("expired", "body_expired", "replay_cancelled")


@dataclass(frozen=True)
class Selection:
    """Selection of events; no types: all that the endpoint wants, no subjects: all. `until` is not included."""

    selected: Selected
    since: datetime
    until: datetime
    event_types: Sequence[str] = ()
    subject_ids: Sequence[str] = ()


@dataclass(frozen=True)
class ReplayMatches:
    """Number of matches (at most one more than asked for), place of the first in the feed, and a few ids."""

    matched: int
    first_transaction: int
    sample: list[str]


def of(endpoint: Endpoint, selection: Selection) -> Select[int, str, str | None]:
    """The places and ids of events, and the delivery of each to this endpoint, if there is one."""
    delivery_of_it = and_(
        Delivery.agency_id == Event.agency_id, Delivery.event_id == Event.id, Delivery.endpoint_id == endpoint.id
    )
    where = events.conditions(EventFilter(since=selection.since, until=selection.until))
    if selection.event_types:
        where.append(Event.type.in_(_names(selection.event_types)))
    if selection.subject_ids:
        where.append(Event.subject_id.in_(selection.subject_ids))
    return (
        select(Event.transaction_id, Event.id, Delivery.id)
        .outerjoin(Delivery, delivery_of_it)
        .where(
            Event.agency_id == endpoint.agency_id, not_(Event.test), events.settled(), *where,
            _is(selection.selected, endpoint),
        )
    )  # fmt: skip


async def find(session: AsyncSession, endpoint: Endpoint, selection: Selection, *, most: int) -> ReplayMatches:
    """Counts what a selection has, and shows a few. Raises EventTypeUnknown."""
    for pattern in selection.event_types:
        if event_filter.unknown([pattern], catalog.FOR_CRMS):
            raise unknown_type(pattern)
    some = of(endpoint, selection).limit(most + 1).subquery()
    counted = await session.execute(select(func.count(), func.min(some.c.transaction_id)))
    matched, first = counted.one()
    sample = await session.execute(of(endpoint, selection).order_by(*events.OLDEST_FIRST).limit(5)) if matched else ()
    return ReplayMatches(matched, first or 0, [event_id for _, event_id, _ in sample])


async def after(
    session: AsyncSession, endpoint: Endpoint, selection: Selection, place: tuple[int, str], *, limit: int
) -> Sequence[Row[int, str, str | None]]:
    """The next ones beyond a place of the feed."""
    beyond = tuple_(Event.transaction_id, Event.id) > tuple_(*_typed(place))
    query = of(endpoint, selection).where(beyond).order_by(*events.OLDEST_FIRST).limit(limit)
    return (await session.execute(query)).all()


def _is(selected: Selected, endpoint: Endpoint) -> ColumnElement[bool]:
    over = Delivery.status.in_(TERMINAL) & (Delivery.body_created_at != DELETED)
    match selected:
        case "failed":
            given_up = (Delivery.status == "cancelled") & Delivery.reason.in_(GIVEN_UP)
            return over & or_(Delivery.status == "exhausted", given_up)
        case "skipped":
            return over & (Delivery.status == "skipped")
        case "missing":
            return _missing(endpoint)
        case "all":
            return or_(over, _missing(endpoint))


def _missing(endpoint: Endpoint) -> ColumnElement[bool]:
    """As fan-out decides it, for what the endpoint wants today; what is still to be fanned out is not missing."""
    names = [name for name in catalog.FOR_CRMS if event_filter.wants(endpoint.event_types, name)]
    to_come = select(OutboxEntry.id).where(OutboxEntry.agency_id == Event.agency_id, OutboxEntry.id == Event.id)
    about_itself = Event.type.startswith(event_filter.OPERATIONAL) & (Event.facts["endpoint_id"].astext == endpoint.id)
    wanted = {key: value for key, value in (endpoint.filter or {}).items() if value is not None}
    return and_(
        Delivery.id.is_(None),
        Event.type.in_(names),
        Event.facts.contains(wanted),
        not_(func.coalesce(about_itself, False)),
        ~to_come.correlate(Event).exists(),
    )


def _names(patterns: Sequence[str]) -> list[str]:
    return [name for name in catalog.FOR_CRMS if event_filter.wants(patterns, name)]


def _typed(place: tuple[int, str]) -> list[Any]:
    transaction_id, event_id = place
    return [literal(transaction_id, BigInteger), literal(event_id, Event.id.type)]
