"""Writing down what happened, in the transaction in which it happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import schema
from app.events.models import Event, EventPersonal, EventSequence, OutboxEntry
from app.events.types.event_type import EventType
from app.kit import ids

KEYTURN = "keyturn"
CLIENT = "client"
MEMBER = "member"
#: As many events as one statement writes.
_AT_ONCE = 500


@dataclass(frozen=True)
class EventDraft:
    """One of many events of a type: its subject and its data."""

    subject_id: str
    data: Mapping[str, Any]


async def record(
    session: AsyncSession,
    event_type: EventType,
    *,
    agency_id: str,
    subject_id: str,
    actor: str,
    data: dict[str, Any] | None = None,
    test: bool = False,
) -> Event:
    """Adds one event, the personal part beside it, and the mark that it is still to be fanned out.

    `data` holds keys of `body.Data`; an unknown key is an error here, not at a receiver.
    """
    facts, personal = schema.parted({**(data or {}), "agency_id": agency_id})
    event = Event(
        agency_id=agency_id,
        id=ids.new("evt"),
        type=event_type.name,
        subject_type=event_type.subject,
        subject_id=subject_id,
        sequence=await _next_sequence(session, agency_id, subject_id),
        facts=facts,
        actor=actor,
        test=test,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )
    session.add(event)
    await session.flush()
    if personal:
        session.add(EventPersonal(agency_id=agency_id, id=event.id, data=personal))
    if event_type.for_crms and not test:  # whoever asks for a test delivers it to one endpoint
        session.add(
            OutboxEntry(
                agency_id=agency_id, id=event.id, subject_id=subject_id, sequence=event.sequence, due_at=func.now()
            )
        )  # fmt: skip
    await session.flush()
    return event


async def record_all(
    session: AsyncSession,
    event_type: EventType,
    happenings: Sequence[EventDraft],
    *,
    agency_id: str,
    actor: str,
) -> None:
    """Adds many events of one type, each with a subject of its own, in a few statements for every 500."""
    for start in range(0, len(happenings), _AT_ONCE):
        await _record_batch(session, event_type, happenings[start : start + _AT_ONCE], agency_id, actor)


async def _record_batch(
    session: AsyncSession, event_type: EventType, happenings: Sequence[EventDraft], agency_id: str, actor: str
) -> None:
    sequences = await _next_sequences(session, agency_id, [each.subject_id for each in happenings])
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    events, about = [], []
    for each in happenings:
        facts, personal = schema.parted({**each.data, "agency_id": agency_id})
        key = {"agency_id": agency_id, "id": ids.new("evt")}
        events.append({
            **key, "type": event_type.name, "subject_type": event_type.subject, "subject_id": each.subject_id,
            "sequence": sequences[each.subject_id], "actor": actor, "test": False, "request_id": request_id,
            "facts": facts,
        })  # fmt: skip
        if personal:
            about.append({**key, "data": personal})
    await session.execute(insert(Event), events)
    if about:
        await session.execute(insert(EventPersonal), about)
    if event_type.for_crms:
        written = select(Event.agency_id, Event.id, Event.subject_id, Event.sequence, func.now()).where(
            Event.agency_id == agency_id, Event.id.in_([event["id"] for event in events])
        )
        columns = ["agency_id", "id", "subject_id", "sequence", "due_at"]
        await session.execute(insert(OutboxEntry).from_select(columns, written))


async def _next_sequences(session: AsyncSession, agency_id: str, subject_ids: Sequence[str]) -> dict[str, int]:
    """Counts up many subjects at once, locking them in the order of their ids as everybody does."""
    rows = [{"agency_id": agency_id, "subject_id": each, "last": 1} for each in sorted(subject_ids)]
    counted = (
        insert(EventSequence)
        .on_conflict_do_update(index_elements=["agency_id", "subject_id"], set_={"last": EventSequence.last + 1})
        .returning(EventSequence.subject_id, EventSequence.last)
    )
    return {row.subject_id: row.last for row in await session.execute(counted, rows)}


async def _next_sequence(session: AsyncSession, agency_id: str, subject_id: str) -> int:
    first = insert(EventSequence).values(agency_id=agency_id, subject_id=subject_id, last=1)
    counted = first.on_conflict_do_update(
        index_elements=["agency_id", "subject_id"], set_={"last": EventSequence.last + 1}
    ).returning(EventSequence.last)
    return (await session.execute(counted)).scalar_one()
