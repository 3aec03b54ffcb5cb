"""Writing down what happened, in the transaction in which it happens."""

from typing import Any

import structlog
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import body
from app.events.model import Event, EventFanout, EventPersonal, EventSequence
from app.events.types.kinds import EventType
from app.kit import ids

KEYTURN = "keyturn"
CLIENT = "client"
MEMBER = "member"


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
    given = body.Data(**{**(data or {}), "agency_id": agency_id})
    values = given.model_dump(exclude_none=True)
    event = Event(
        agency_id=agency_id,
        id=ids.new("evt"),
        type=event_type.name,
        subject_type=event_type.subject,
        subject_id=subject_id,
        sequence=await _next_sequence(session, agency_id, subject_id),
        facts={key: value for key, value in values.items() if key not in body.PERSONAL},
        actor=actor,
        test=test,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )
    session.add(event)
    await session.flush()
    personal = {key: value for key, value in values.items() if key in body.PERSONAL}
    if personal:
        session.add(EventPersonal(agency_id=agency_id, id=event.id, data=personal))
    if event_type.for_crms and not test:  # whoever asks for a test delivers it to one endpoint
        session.add(EventFanout(agency_id=agency_id, id=event.id, due_at=func.now()))
    await session.flush()
    return event


async def _next_sequence(session: AsyncSession, agency_id: str, subject_id: str) -> int:
    first = insert(EventSequence).values(agency_id=agency_id, subject_id=subject_id, last=1)
    counted = first.on_conflict_do_update(
        index_elements=["agency_id", "subject_id"], set_={"last": EventSequence.last + 1}
    ).returning(EventSequence.last)
    return (await session.execute(counted)).scalar_one()
