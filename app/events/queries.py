"""Reading what happened: a feed that never skips a late commit, and envelopes made of facts and personal data."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import body
from app.events.model import Event, EventPersonal
from app.kit import clock
from app.kit.refusal import NotFound


@dataclass(frozen=True)
class Happened:
    """An event with its personal part, `{}` where it was erased or never was."""

    event: Event
    personal: dict[str, object]


def settled() -> ColumnElement[bool]:
    """True for events below the oldest running transaction: nothing older can still appear."""
    oldest = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return Event.transaction_id < cast(cast(oldest, Text), BigInteger)


async def find(session: AsyncSession, agency_id: str, event_id: str) -> Happened:
    """One event. Raises NotFound."""
    rows = await _read(session, agency_id, Event.id == event_id, limit=1)
    if not rows:
        raise NotFound
    return rows[0]


async def newest(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    before: tuple[int, str] | None = None,
    types: Sequence[str] = (),
    subject_id: str | None = None,
) -> list[Happened]:
    """Events newest first, in commit order; `before` is the (transaction_id, id) of the last one seen."""
    where = [settled()]
    if before:
        transaction_id, event_id = before
        last = tuple_(literal(transaction_id, BigInteger), literal(event_id, Event.id.type))
        where.append(tuple_(Event.transaction_id, Event.id) < last)
    if types:
        where.append(Event.type.in_(types))
    if subject_id:
        where.append(Event.subject_id == subject_id)
    return await _read(session, agency_id, *where, limit=limit)


async def _read(session: AsyncSession, agency_id: str, *where: ColumnElement[bool], limit: int) -> list[Happened]:
    rows = await session.execute(
        select(Event, EventPersonal.data)
        .outerjoin(EventPersonal, (EventPersonal.agency_id == Event.agency_id) & (EventPersonal.id == Event.id))
        .where(Event.agency_id == agency_id, *where)
        .order_by(Event.transaction_id.desc(), Event.id.desc())
        .limit(limit)
    )
    return [Happened(event, personal or {}) for event, personal in rows]


def envelope(happened: Happened, *, personal: bool = True) -> body.Envelope:
    """The body as receivers get it; `personal=False` leaves names and addresses null."""
    event = happened.event
    known = {**event.facts, **(happened.personal if personal else {})}
    return body.Envelope(
        id=event.id,
        type=event.type,
        timestamp=clock.iso(event.occurred_at) or "",
        sequence=event.sequence,
        test=event.test,
        agency_id=event.agency_id,
        subject=body.Subject(type=event.subject_type, id=event.subject_id),
        data=body.Data(**known),
    )
