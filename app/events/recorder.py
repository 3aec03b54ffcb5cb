"""Recording of events, in the transaction of the change they report."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

import structlog
from sqlalchemy import ColumnElement, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import schema
from app.events.catalog import DataT, EventType
from app.events.models import Event, EventPersonal
from app.kit import ids
from app.kit.actor import Actor

#: Maximum number of events per statement.
_AT_ONCE = 500


class DataWrong(ValueError):
    """The data of a draft is of another event type."""


@dataclass(frozen=True)
class EventDraft(Generic[DataT]):
    """An event before it is recorded, with data of its type: no other keys, and null for what is unknown."""

    event_type: EventType[DataT]
    subject_id: str
    actor: Actor
    data: DataT
    test: bool = False


async def record(
    session: AsyncSession,
    event_type: EventType[DataT],
    *,
    agency_id: str,
    subject_id: str,
    actor: Actor,
    data: DataT,
    test: bool = False,
) -> str:
    """Record one event and return its id. See `record_all`."""
    [event_id] = await record_all(session, [EventDraft(event_type, subject_id, actor, data, test)], agency_id=agency_id)
    return event_id


async def record_all(session: AsyncSession, drafts: Sequence[EventDraft[Any]], *, agency_id: str) -> list[str]:
    """Record events of one agency in order and return their ids, with one statement per 500 events. Raises DataWrong.

    Each gets the next sequence number of its subject, its personal data, and an outbox entry if CRMs may receive it. A
    test event has none: its caller delivers it to one endpoint.
    """
    recorded: list[str] = []
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    for start in range(0, len(drafts), _AT_ONCE):
        rows = [_row(place, draft) for place, draft in enumerate(drafts[start : start + _AT_ONCE])]
        await session.execute(_RECORD, {"drafts": rows, "agency_id": agency_id, "request_id": request_id})
        recorded += [ids.text("evt", uuid.UUID(row["id"])) for row in rows]
    return recorded


async def erase_personal_data(session: AsyncSession, agency_id: str, about: ColumnElement[bool]) -> Sequence[str]:
    """Erase the personal data of events that meet a condition, and return the ids of those events. The facts stay."""
    those = select(Event.id).where(Event.agency_id == agency_id, about)
    erased = delete(EventPersonal).where(EventPersonal.agency_id == agency_id, EventPersonal.id.in_(those))
    rows = erased.returning(EventPersonal.id).execution_options(synchronize_session=False)
    return (await session.scalars(rows)).all()


def _row(place: int, draft: EventDraft[Any]) -> dict[str, Any]:
    if type(draft.data) is not draft.event_type.data:
        raise DataWrong(f"{draft.event_type.name} has no data of {type(draft.data).__name__}")
    facts, personal = schema.parted(draft.data)
    return {
        "place": place, "id": str(ids.raw()), "type": draft.event_type.name, "subject_type": draft.event_type.subject,
        "subject_id": draft.subject_id, "actor_kind": draft.actor.kind, "actor_id": draft.actor.id, "test": draft.test,
        "facts": facts, "personal": personal or None, "fans_out": draft.event_type.for_crms and not draft.test,
    }  # fmt: skip


#: Subjects are locked in the order of their ids, so that two transactions cannot deadlock.
_RECORD = text("""
WITH drafts AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(:drafts) AS draft(
        place integer, id uuid, type text, subject_type text, subject_id text, actor_kind text,
        actor_id text, test boolean, facts jsonb, personal jsonb, fans_out boolean
    )
), counted AS (
    INSERT INTO event_sequences (agency_id, subject_id, last)
    SELECT :agency_id, subject_id, count(*) FROM drafts GROUP BY subject_id ORDER BY subject_id
    ON CONFLICT (agency_id, subject_id) DO UPDATE SET last = event_sequences.last + excluded.last
    RETURNING subject_id, last
), numbered AS (
    SELECT
        drafts.*,
        last - count(*) OVER (PARTITION BY subject_id)
            + row_number() OVER (PARTITION BY subject_id ORDER BY place) AS sequence
    FROM drafts JOIN counted USING (subject_id)
), recorded AS (
    INSERT INTO events (
        agency_id, id, type, subject_type, subject_id, sequence, test, facts, actor_kind, actor_id, request_id
    )
    SELECT :agency_id, id, type, subject_type, subject_id, sequence, test, facts, actor_kind, actor_id, :request_id
    FROM numbered ORDER BY place
), apart AS (
    INSERT INTO event_personal (agency_id, id, data)
    SELECT :agency_id, id, personal FROM drafts WHERE personal IS NOT NULL
)
INSERT INTO event_outbox (agency_id, id, subject_id, sequence, due_at)
SELECT :agency_id, id, subject_id, sequence, now() FROM numbered WHERE fans_out ORDER BY place
""").bindparams(bindparam("drafts", type_=JSONB), bindparam("agency_id", type_=ids.Id("agency")))
