"""The marks of events that are still to be fanned out: whose turn it is."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, Uuid, bindparam, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.model import EventFanout
from app.kit import ids
from app.kit.database import ACROSS_AGENCIES, Sessions, autocommit
from app.webhooks.dispatch.claiming.claim import CHOOSING

_LONGEST_REST = timedelta(minutes=5)

#: Committed without waiting for the disk: a crash of the server that undoes it brings the marks back. `chooses`: nobody
#: else deals slots until it is over.
#:
#: Walks the index from one agency with marks to the next, and takes an equal share from each, the oldest first: an
#: agency with very many keeps nobody else waiting.
_TAKE = (
    text(
        f"""
    WITH RECURSIVE begun AS MATERIALIZED (
      SELECT set_config('synchronous_commit', 'off', true) AS waits,
        CASE WHEN :choose THEN pg_try_advisory_xact_lock({CHOOSING}) ELSE false END AS chooses
    ), agencies AS (
      (SELECT agency_id FROM event_fanouts WHERE due_at <= now() ORDER BY agency_id LIMIT 1)
      UNION ALL
      SELECT following.agency_id FROM agencies CROSS JOIN LATERAL (
        SELECT mark.agency_id FROM event_fanouts mark
        WHERE mark.agency_id > agencies.agency_id AND mark.due_at <= now() ORDER BY mark.agency_id LIMIT 1
      ) following
    ), turns AS MATERIALIZED (
      SELECT agencies.agency_id, oldest.due_at FROM agencies CROSS JOIN LATERAL (
        SELECT mark.due_at FROM event_fanouts mark
        WHERE mark.agency_id = agencies.agency_id AND mark.due_at <= now() ORDER BY mark.due_at LIMIT 1
      ) oldest
      ORDER BY oldest.due_at LIMIT :most
    ), taken AS MATERIALIZED (
      SELECT mark.agency_id, mark.id, mark.due_at FROM turns CROSS JOIN LATERAL (
        SELECT due.agency_id, due.id, due.due_at FROM event_fanouts due
        WHERE due.agency_id = turns.agency_id AND due.due_at <= now()
        ORDER BY due.due_at LIMIT greatest(:most / (SELECT count(*) FROM turns), 1) FOR UPDATE SKIP LOCKED
      ) mark
    )
    SELECT e.agency_id, e.id, e.type, e.occurred_at, e.subject_type, e.subject_id, e.sequence, e.test, e.facts,
      e.request_id, personal.data, begun.chooses, e.agency_id AS agency, e.id AS mark
    FROM begun
    JOIN taken ON begun.waits = 'off'
    JOIN events e ON e.agency_id = taken.agency_id AND e.id = taken.id
    LEFT JOIN event_personal personal ON personal.agency_id = e.agency_id AND personal.id = e.id
    ORDER BY taken.due_at
    """  # noqa: S608 - a number of ours
    )
    .bindparams(bindparam("choose", type_=Boolean()), bindparam("most", type_=Integer()))
    .columns(
        agency_id=ids.Id("agency"), id=ids.Id("evt"), occurred_at=DateTime(timezone=True), facts=JSONB(), data=JSONB(),
        agency=Uuid(), mark=Uuid(),
    )
    .execution_options(**ACROSS_AGENCIES)
)  # fmt: skip
#: Whether there may be one: cheap, for there mostly is none.
_ANY = select(literal(1)).where(EventFanout.due_at <= func.now()).limit(1).execution_options(**ACROSS_AGENCIES)


async def anything(sessions: Sessions) -> bool:
    """Whether there may be something to fan out."""
    async with autocommit(sessions) as connection:
        return (await connection.execute(_ANY)).first() is not None


async def take(session: AsyncSession, *, limit: int, choose: bool) -> Sequence[Any]:
    """Locks up to `limit` marks that are due and nobody else's; their events, as rows, with what is personal (`data`).

    `agency` and `mark` are the ids without their prefixes. With `choose`, `chooses` says whether this transaction is
    the one that deals slots.
    """
    return (await session.execute(_TAKE, {"most": limit, "choose": choose})).all()


async def rest(sessions: Sessions, event_ids: Sequence[str]) -> None:
    """Lets an event that could not be fanned out wait, twice as long each time."""
    pause = func.least(func.power(2, EventFanout.tries + 1), _LONGEST_REST.total_seconds())
    async with sessions.begin() as session:
        await session.execute(
            update(EventFanout)
            .where(EventFanout.id.in_(event_ids))
            .values(tries=EventFanout.tries + 1, due_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause))
            .execution_options(synchronize_session=False, **ACROSS_AGENCIES)
        )
