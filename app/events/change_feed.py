"""Event feed in commit order: read from a cursor on, without gaps or duplicates.

An event is returned only when no transaction older than its own is running: no event can then appear before it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import BigInteger, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries
from app.events.models import Event
from app.events.queries import EventFilter
from app.events.rendering import EventRecord
from app.kit import ids
from app.kit.database import Sessions, reading
from app.kit.web.paging import CursorWrong

#: Transaction and id of the last event seen; the next page starts after it.
Place = tuple[int, str]
#: Lower than any id: the position before all events of a transaction.
BEFORE_ALL = "evt_00000000000000000000000000"
START: Place = (0, BEFORE_ALL)
LOOK_EVERY_SECONDS = 0.5
LONGEST_SECONDS = 25


@dataclass(frozen=True)
class Followed:
    """A page of events and the cursor after it. The cursor advances even if the page is empty."""

    events: list[EventRecord]
    place: Place


async def look(
    session: AsyncSession, agency_id: str, place: Place, *, limit: int, wanted: EventFilter = queries.EVERYTHING
) -> Followed:
    """The next events after a cursor, oldest first."""
    # first the horizon, then the rows: everything below the horizon is committed by then
    horizon = (await session.execute(select(queries.horizon()))).scalar_one()
    last = tuple_(literal(place[0], BigInteger), literal(place[1], Event.id.type))
    where = [Event.transaction_id < horizon, tuple_(Event.transaction_id, Event.id) > last]
    where += queries.conditions(wanted)
    found = await queries.read(session, agency_id, *where, limit=limit, order=queries.OLDEST_FIRST)
    if len(found) == limit:
        return Followed(found, (found[-1].transaction_id, found[-1].id))
    return Followed(found, max(place, (horizon, BEFORE_ALL)))


async def follow(
    sessions: Sessions,
    once: Callable[[AsyncSession, Place], Awaitable[Followed]],
    place: Place,
    *,
    seconds: float,
    gone: Callable[[], Awaitable[bool]],
) -> Followed:
    """Poll from a cursor until events arrive, `seconds` have passed, or the caller is gone.

    No transaction stays open between polls, and a poll does not read again what the previous one passed over.
    """
    until = asyncio.get_running_loop().time() + min(seconds, LONGEST_SECONDS)
    while True:
        async with reading(sessions) as session:
            found = await once(session, place)
        place = found.place
        left = until - asyncio.get_running_loop().time()
        if found.events or left <= 0 or await gone():
            return found
        await asyncio.sleep(min(LOOK_EVERY_SECONDS, left))


async def place_of(session: AsyncSession, agency_id: str, event_id: str) -> Place:
    """The cursor right after an event; while earlier events may still appear, the cursor before all of them.

    Raises CursorWrong if there is no such event.
    """
    query = select(Event.transaction_id, queries.horizon()).where(Event.agency_id == agency_id, Event.id == event_id)
    try:
        found = (await session.execute(query)).one_or_none()
    except ids.MalformedId as problem:
        raise CursorWrong from problem
    if found is None:
        raise CursorWrong
    transaction_id, horizon = found
    return (transaction_id, event_id) if transaction_id < horizon else (horizon, BEFORE_ALL)
