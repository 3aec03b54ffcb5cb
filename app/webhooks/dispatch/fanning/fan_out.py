"""Fanning out what happened, many events in one transaction; a mark goes when its deliveries are there."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

import structlog
from sqlalchemy import ARRAY, Integer, Table, bindparam, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.model import Event, EventFanout, EventPersonal
from app.events.queries import Happened
from app.kit.database import ACROSS_AGENCIES, Sessions, autocommit, commit_without_waiting
from app.webhooks.dispatch.fanning import letters
from app.webhooks.dispatch.fanning.letters import Receiver, Wish
from app.webhooks.dispatch.keeping import partitions
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.tools import Tools
from app.webhooks.endpoints import matching
from app.webhooks.endpoints.model import Endpoint

log = structlog.get_logger(__name__)

#: How the worker's health names this loop.
LOOP = "fan-out"

AT_ONCE = 100
#: After a rest fewer, so that they leave while the others of a burst are fanned out.
AT_FIRST = 25
#: Between two looks for something new: soon after there was something, and else.
BUSY_SECONDS = 0.02
IDLE_SECONDS = 0.08
_BUSY_LOOKS = 250
_LONGEST_REST = timedelta(minutes=5)

_NEEDED = (
    Endpoint.agency_id, Endpoint.id, Endpoint.event_types, Endpoint.filter, Endpoint.payload_mode, Endpoint.personal,
    Endpoint.retry_policy, Endpoint.state == "active", Endpoint.ordering == "by_subject", Endpoint.destination,
)  # fmt: skip


_MARKS = (
    select(Event, EventPersonal.data)
    .select_from(EventFanout)
    .join(Event, (Event.agency_id == EventFanout.agency_id) & (Event.id == EventFanout.id))
    .outerjoin(EventPersonal, (EventPersonal.agency_id == Event.agency_id) & (EventPersonal.id == Event.id))
    .where(EventFanout.due_at <= func.now())
    .order_by(EventFanout.due_at)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True, of=EventFanout)
    .execution_options(**ACROSS_AGENCIES)
)
#: Whether there may be one: cheap, for there mostly is none.
_ANY = select(literal(1)).where(EventFanout.due_at <= func.now()).limit(1).execution_options(**ACROSS_AGENCIES)
_RECEIVERS = (
    select(*_NEEDED)
    .where(Endpoint.agency_id.in_(bindparam("agencies", expanding=True)), Endpoint.deleted_at.is_(None))
    .order_by(Endpoint.id)
)
_TAKE_AWAY = (
    delete(cast(Table, EventFanout.__table__))
    .where(EventFanout.__table__.c.id == func.any(bindparam("events", type_=ARRAY(EventFanout.__table__.c.id.type))))
    .execution_options(**ACROSS_AGENCIES)
)


async def serve(tools: Tools, stop: asyncio.Event) -> None:
    """Fans out until `stop` is set."""
    quiet = _BUSY_LOOKS
    months = partitions.Months(tools.sessions)
    while not stop.is_set():
        tools.pulse.beat(LOOP)
        try:
            await months.keep()
            limit = AT_FIRST if quiet else AT_ONCE
            done = await fan_out(tools.sessions, limit=limit) if await _anything(tools.sessions) else 0
        except Exception:  # the database is away: say so, stay, try again
            log.exception("webhooks.fan_out_failed")
            await asyncio.sleep(1)
            continue
        if done:
            tools.alarm.ring()
            quiet = 0
        else:
            quiet += 1
        if done < limit:
            await asyncio.sleep(BUSY_SECONDS if quiet < _BUSY_LOOKS else IDLE_SECONDS)


async def _anything(sessions: Sessions) -> bool:
    async with autocommit(sessions) as connection:
        return (await connection.execute(_ANY)).first() is not None


async def fan_out(sessions: Sessions, *, limit: int = AT_ONCE) -> int:
    """Makes the deliveries of up to `limit` events and takes their marks away; how many marks there were.

    Nothing is sent here, so one transaction holds it all: a worker that dies leaves everything as it was. Where one
    event cannot be fanned out, the others are done one by one and it rests a while.
    """
    taken: list[str] = []
    try:
        async with sessions.begin() as session:
            await commit_without_waiting(session)  # undone by a crash of the server, the marks are there again
            happened, skipped = await _fan_out(session, taken, limit=limit)
        for each in happened:
            figures.event_fanned_out(each.event.type)
        if skipped:
            figures.delivery_ended("skipped", "endpoint_disabled", skipped)
        return len(happened)
    except Exception:
        if limit == 1:
            log.exception("webhooks.event_not_fanned_out")
            await _rest(sessions, taken)
            return 1
        log.warning("webhooks.fan_out_one_by_one")
    done = 0
    while done < limit and await fan_out(sessions, limit=1):
        done += 1
    return done


async def _fan_out(session: AsyncSession, taken: list[str], *, limit: int) -> tuple[Sequence[Happened], int]:
    """The events that were fanned out, and how many deliveries were skipped at once; `taken` gets their ids first."""
    happened = await _taken(session, limit=limit)
    if not happened:
        return (), 0
    taken += [each.event.id for each in happened]
    receivers = await _receivers(session, {each.event.agency_id for each in happened})
    interested = _Interested(receivers)
    wishes = [
        Wish(each, concerned(interested[each.event.agency_id, each.event.type], each))
        for each in happened
        if not each.event.test  # a test has one receiver, served by whoever asked for it
    ]
    await letters.write_all(session, wishes)
    await session.execute(_TAKE_AWAY, {"events": [each.event.id for each in happened]})
    return happened, sum(not endpoint.active for wish in wishes for endpoint in wish.endpoints)


class _Interested(dict[tuple[str, str], list[Receiver]]):
    """The endpoints of an agency that want a type of event; found out once, however many events are of it."""

    def __init__(self, receivers: Mapping[str, Sequence[Receiver]]) -> None:
        super().__init__()
        self._receivers = receivers

    def __missing__(self, key: tuple[str, str]) -> list[Receiver]:
        agency_id, event_type = key
        self[key] = [each for each in self._receivers[agency_id] if matching.wants(each.event_types, event_type)]
        return self[key]


def concerned(endpoints: Sequence[Receiver], happened: Happened) -> list[Receiver]:
    """Those of the endpoints that want its type to which an event goes; what happens to one itself never does."""
    facts = happened.event.facts
    itself = facts.get("endpoint_id") if happened.event.type.startswith(matching.OPERATIONAL) else None
    return [
        each for each in endpoints if each.id != itself and (not each.filter or matching.passes(each.filter, facts))
    ]


async def _taken(session: AsyncSession, *, limit: int) -> Sequence[Happened]:
    """Events whose marks are due and nobody else's, the oldest first; their marks stay locked."""
    found = await session.execute(_MARKS, {"most": limit})
    return [Happened(event, personal or {}) for event, personal in found]


async def _receivers(session: AsyncSession, agency_ids: set[str]) -> dict[str, list[Receiver]]:
    """The endpoints of these agencies that are not deleted, disabled ones too."""
    found: dict[str, list[Receiver]] = defaultdict(list)
    for row in await session.execute(_RECEIVERS, {"agencies": sorted(agency_ids)}):
        values: tuple[Any, ...] = tuple(row)
        found[values[0]].append(Receiver(*values))
    return found


async def _rest(sessions: Sessions, event_ids: Sequence[str]) -> None:
    """Lets the event that could not be fanned out wait, twice as long each time."""
    pause = func.least(func.power(2, EventFanout.tries + 1), _LONGEST_REST.total_seconds())
    async with sessions.begin() as session:
        await session.execute(
            update(EventFanout)
            .where(EventFanout.id.in_(event_ids))
            .values(tries=EventFanout.tries + 1, due_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause))
            .execution_options(synchronize_session=False, **ACROSS_AGENCIES)
        )
