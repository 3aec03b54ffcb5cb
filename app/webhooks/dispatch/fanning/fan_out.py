"""Fanning out what happened, many events in one transaction; a mark goes when its deliveries are there."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, cast

import structlog

from app.events.model import Event
from app.events.queries import Happened
from app.kit.database import Kept, Sessions
from app.kit.due import UNTIL_WOKEN
from app.webhooks.dispatch.claiming.claimed import Leased, Stamps
from app.webhooks.dispatch.deciding.fairness import Taken
from app.webhooks.dispatch.fanning import at_once, letters, marks
from app.webhooks.dispatch.fanning.at_once import Hands
from app.webhooks.dispatch.fanning.letters import Wish
from app.webhooks.dispatch.fanning.receivers import Directory, Receiver
from app.webhooks.dispatch.keeping import partitions
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.tools import Tools
from app.webhooks.endpoints import matching

log = structlog.get_logger(__name__)

#: How the worker's health names this loop.
LOOP = "fan-out"

AT_ONCE = 100
#: After a rest fewer, so that they leave while the others of a burst are fanned out.
AT_FIRST = 25
#: Between the ends of two rounds at least: a few events are fanned out together, and what is in the air has its turn.
PAUSE_SECONDS = 0.005


class Fanned(NamedTuple):
    """What came of it: the events, and how many deliveries are left to be claimed.

    `leased` are those that need not be, with the stamps of their endpoints. `more`: some agency had its whole share.
    """

    happened: Sequence[Happened] = ()
    more: bool = False
    left: int = 0
    leased: Sequence[Leased] = ()
    stamps: Stamps = MappingProxyType({})


class FanOut:
    """Fan-out of one process, with its own connection and the endpoints it knows."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._line = Kept(sessions, plans_once=True)
        self._directory = Directory(sessions)

    async def close(self) -> None:
        """Close the connection."""
        await self._line.close()

    async def once(self, tools: Tools, hands: Hands, limit: int) -> bool:
        """Fan out once, and wake the claimers if something is left to claim. True if there may be more."""
        try:
            async with hands.offer() as taken:
                done = await self._fan_out([], limit=limit, slots=taken)
                if done.leased:
                    await hands.take(done.leased, done.stamps)
            if done.left:
                tools.alarm.ring()
            return done.more
        except Exception:
            log.warning("webhooks.fan_out_again", exc_info=True)
        number = await self.all(limit=limit)
        tools.alarm.ring()
        return number > 0

    async def all(self, *, limit: int = AT_ONCE) -> int:
        """Makes the deliveries of up to `limit` events and takes their marks away; how many marks there were.

        Nothing is sent here, so one transaction holds it all: a worker that dies leaves everything as it was. Where one
        event cannot be fanned out, the others are done one by one and it rests a while.
        """
        taken: list[str] = []
        try:
            return len((await self._fan_out(taken, limit=limit)).happened)
        except Exception:
            if limit == 1:
                log.exception("webhooks.event_not_fanned_out")
                await marks.rest(self._sessions, taken)
                return 1
            log.warning("webhooks.fan_out_one_by_one")
        done = 0
        while done < limit and await self.all(limit=1):
            done += 1
        return done

    async def _fan_out(self, taken: list[str], *, limit: int, slots: Taken | None = None) -> Fanned:
        """In one transaction; `taken` gets the ids of the events first."""
        async with self._line.transaction(marks.BEGIN_CHOOSING if slots else marks.BEGIN) as driver:
            rested = slots is not None and limit == AT_FIRST
            arrived = slots.arrived if slots else ()
            found, endpoints = await marks.take(driver, limit=limit, shared=not rested, arrived=arrived)
            if not found:
                return Fanned()
            # rows in place of objects: they are read by the thousand
            happened = [Happened(cast(Event, row), row.personal) for row in found]
            taken += [row.id for row in found]
            chosen = slots if found[0].chooses else None
            of_agency = Counter(row.agency for row in found)
            receivers, seats = await self._directory.of(endpoints)
            wishes = _wishes(happened, receivers)
            batch = letters.Batch("event", at_once.deal(wishes, seats, chosen) if chosen else {}, seats)
            for wish in wishes:
                batch.add(wish)
            made = await batch.write_directly(driver, [row.place for row in found])
        for each in happened:
            figures.event_fanned_out(each.event.type)
        skipped = sum(not endpoint.active for wish in wishes for endpoint in wish.endpoints)
        if skipped:
            figures.delivery_ended("skipped", "endpoint_disabled", skipped)
        leased = batch.leased(made)
        stamps = {(row.agency_id, row.endpoint_id): seats[row.endpoint_id].stamp for row, _ in leased}
        more = max(of_agency.values()) >= max(limit // len(of_agency), 1)
        return Fanned(happened, more, len(made) - skipped - len(leased), leased, stamps)


async def serve(tools: Tools, stop: asyncio.Event, hands: Hands) -> None:
    """Fans out until `stop` is set; what can leave at once is put into `hands`."""
    more, fanning = False, FanOut(tools.sessions)
    months = partitions.Months(tools.sessions)
    stopping = asyncio.create_task(tools.happened.ring_at(stop))
    while not stop.is_set():
        tools.pulse.beat(LOOP)
        try:
            await months.keep()
            more = await fanning.once(tools, hands, AT_ONCE if more else AT_FIRST)
        except Exception:  # the database is away: say so, stay, try again
            log.exception("webhooks.fan_out_failed")
            await asyncio.sleep(1)
            continue
        if not more:
            ended = time.monotonic()
            await tools.happened.sleep(UNTIL_WOKEN)
            if (pause := ended + PAUSE_SECONDS - time.monotonic()) > 0:
                await asyncio.sleep(pause)
    stopping.cancel()
    await fanning.close()


async def fan_out(sessions: Sessions, *, limit: int = AT_ONCE) -> int:
    """See `FanOut.all`. For tests."""
    fanning = FanOut(sessions)
    try:
        return await fanning.all(limit=limit)
    finally:
        await fanning.close()


def _wishes(happened: Sequence[Happened], receivers: Mapping[str, Sequence[Receiver]]) -> list[Wish]:
    """Receivers of the events. A test has one receiver, and its requester sends it."""
    interested = _Interested(receivers)
    return [
        Wish(each, concerned(interested[each.event.agency_id, each.event.type], each))
        for each in happened
        if not each.event.test
    ]


class _Interested(dict[tuple[str, str], list[Receiver]]):
    """The endpoints of an agency that want a type of event; found out once, however many events are of it."""

    def __init__(self, receivers: Mapping[str, Sequence[Receiver]]) -> None:
        super().__init__()
        self._receivers = receivers

    def __missing__(self, key: tuple[str, str]) -> list[Receiver]:
        agency_id, event_type = key
        self[key] = [
            each for each in self._receivers.get(agency_id, ()) if matching.wants(each.event_types, event_type)
        ]
        return self[key]


def concerned(endpoints: Sequence[Receiver], happened: Happened) -> list[Receiver]:
    """Those of the endpoints that want its type to which an event goes; what happens to one itself never does."""
    facts = happened.event.facts
    itself = facts.get("endpoint_id") if happened.event.type.startswith(matching.OPERATIONAL) else None
    return [
        each for each in endpoints if each.id != itself and (not each.filter or matching.passes(each.filter, facts))
    ]
