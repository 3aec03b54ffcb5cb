"""The marks of events that are still to be fanned out: whose turn it is."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, func, text, update

from app.events.models import OutboxEntry
from app.kit import ids
from app.kit.database import CROSS_TENANT, DriverStatement, Sessions
from app.webhooks.dispatcher import subscriptions
from app.webhooks.dispatcher.scheduler import CHOOSING
from app.webhooks.dispatcher.subscriptions import EndpointRow

#: Where a row lies in its table: block and line. The row stays there as long as it is locked.
Place = tuple[int, int]

_LONGEST_REST = timedelta(minutes=5)

#: By age alone: of a few, nobody gets too many.
_OLDEST = """
    WITH taken AS MATERIALIZED (
      SELECT ctid, agency_id, id, due_at FROM event_outbox
      WHERE due_at <= now() ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    """
#: Walks the index from one agency with marks to the next, and takes an equal share from each, the oldest first: an
#: agency with very many keeps nobody else waiting.
_SHARED = """
    WITH RECURSIVE agencies AS (
      (SELECT agency_id FROM event_outbox WHERE due_at <= now() ORDER BY agency_id LIMIT 1)
      UNION ALL
      SELECT following.agency_id FROM agencies CROSS JOIN LATERAL (
        SELECT mark.agency_id FROM event_outbox mark
        WHERE mark.agency_id > agencies.agency_id AND mark.due_at <= now() ORDER BY mark.agency_id LIMIT 1
      ) following
    ), turns AS MATERIALIZED (
      SELECT agencies.agency_id, oldest.due_at FROM agencies CROSS JOIN LATERAL (
        SELECT mark.due_at FROM event_outbox mark
        WHERE mark.agency_id = agencies.agency_id AND mark.due_at <= now() ORDER BY mark.due_at LIMIT 1
      ) oldest
      ORDER BY oldest.due_at LIMIT :most
    ), taken AS MATERIALIZED (
      SELECT mark.* FROM turns CROSS JOIN LATERAL (
        SELECT due.ctid, due.agency_id, due.id, due.due_at FROM event_outbox due
        WHERE due.agency_id = turns.agency_id AND due.due_at <= now()
        ORDER BY due.due_at LIMIT greatest(:most / (SELECT count(*) FROM turns), 1) FOR UPDATE SKIP LOCKED
      ) mark
    )
    """


#: Whether this transaction is the one that deals slots: nobody else does until it is over.
_CHOOSES = "keyturn.chooses"
#: Committed without waiting for the disk: a crash of the server that undoes it brings the marks back.
BEGIN = "SET LOCAL synchronous_commit = off"
#: The lock is taken in a statement before the one that counts what is in flight, which sees whatever was committed
#: under it.
BEGIN_CHOOSING = f"{BEGIN}; SELECT set_config('{_CHOOSES}', pg_try_advisory_xact_lock({CHOOSING})::text, true)"


def _taking(taken: str) -> DriverStatement:
    """Events whose marks are taken, and of each agency at its first event the endpoints."""
    read = f"""
    SELECT taken.ctid, e.agency_id, e.id, e.type, e.occurred_at, e.subject_type, e.subject_id, e.sequence, e.test,
      e.facts, e.request_id, personal.data, chosen.chooses,
      CASE WHEN row_number() OVER (PARTITION BY taken.agency_id ORDER BY taken.due_at, taken.id) = 1
        THEN {subscriptions.ENDPOINTS.format(looking="chosen.chooses")} END
    FROM taken
    CROSS JOIN (SELECT current_setting('{_CHOOSES}', true) IS NOT DISTINCT FROM 'true' AS chooses) chosen
    JOIN events e ON e.agency_id = taken.agency_id AND e.id = taken.id
    LEFT JOIN event_personal personal ON personal.agency_id = e.agency_id AND personal.id = e.id
    ORDER BY taken.due_at, taken.id
    """  # noqa: S608 - names of ours
    parameters = (bindparam("most", type_=Integer()), bindparam("arrived", type_=ARRAY(Uuid())))
    return DriverStatement.of(text(taken + read).bindparams(*parameters))


_TAKE_OLDEST, _TAKE_SHARED = _taking(_OLDEST), _taking(_SHARED)


class OutboxEvent(NamedTuple):
    """An event to fan out, as stored in `Event`, with its personal data. `agency` is a raw id.

    `place`: where the mark lies, while this transaction lasts. `chooses`: this transaction is the one that deals slots.
    """

    place: Place
    agency: uuid.UUID
    agency_id: str
    id: str
    type: str
    occurred_at: datetime
    subject_type: str
    subject_id: str
    sequence: int
    test: bool
    facts: dict[str, Any]
    request_id: str | None
    personal: dict[str, Any]
    chooses: bool


async def take(
    driver: Any, *, limit: int, shared: bool, arrived: Collection[uuid.UUID]
) -> tuple[Sequence[OutboxEvent], Mapping[uuid.UUID, Sequence[EndpointRow]]]:
    """Locks up to `limit` marks that are due and nobody else's, until the driver's transaction ends; by agency, its
    endpoints.

    `shared`: agencies get equal shares of them; it costs twice as much as the oldest ones. `arrived`: see `Taken`.
    """
    rows = await (_TAKE_SHARED if shared else _TAKE_OLDEST).fetch(driver, {"most": limit, "arrived": arrived})
    marks, endpoints = [], {}
    for place, agency, event_id, *event, request_id, personal, chooses, found in rows:
        agency_id, shown_id = ids.text("agency", agency), ids.text("evt", event_id)
        marks.append(
            OutboxEvent._make((place, agency, agency_id, shown_id, *event, request_id, personal or {}, chooses))
        )
        if found is not None:
            endpoints[agency] = [EndpointRow(*each) for each in found]
    return marks, endpoints


async def rest(sessions: Sessions, event_ids: Sequence[str]) -> None:
    """Lets an event that could not be fanned out wait, twice as long each time."""
    pause = func.least(func.power(2, OutboxEntry.tries + 1), _LONGEST_REST.total_seconds())
    async with sessions.begin() as session:
        await session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id.in_(event_ids))
            .values(tries=OutboxEntry.tries + 1, due_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause))
            .execution_options(synchronize_session=False, **CROSS_TENANT)
        )
