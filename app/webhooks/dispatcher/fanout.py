"""Fan-out: makes the deliveries of many events in one transaction; an outbox entry goes when its deliveries are there.

Where no delivery waits before them, new ones are made with a lease and sent by the same worker without being claimed.
The rules are those of a claim: fair shares of the slots, the limits of each endpoint, one worker chooses at a time.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, cast

import structlog
from sqlalchemy import ARRAY, Integer, Uuid, bindparam, func, text, update

from app.events.models import Event, OutboxEntry
from app.events.queries import EventRecord
from app.kit import clock, ids
from app.kit.database import CROSS_TENANT, DriverStatement, KeptConnection, Sessions
from app.kit.jobs import UNTIL_WOKEN
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import creation
from app.webhooks.deliveries.claimed import Leased, Stamps
from app.webhooks.deliveries.creation import DeliverySpec, Place
from app.webhooks.dispatcher import endpoint_cache
from app.webhooks.dispatcher.endpoint_cache import EndpointCapacity, EndpointRow, Subscription, SubscriptionCache
from app.webhooks.dispatcher.scheduler import CHOOSING
from app.webhooks.endpoints import event_filter
from app.webhooks.maintenance import partitions
from app.webhooks.monitoring import metrics
from app.webhooks.policies.fair_share import EndpointQueue, SlotUsage, allocate

log = structlog.get_logger(__name__)

#: How the worker's health names this loop.
LOOP = "fan-out"

AT_ONCE = 100
#: After a rest fewer, so that they leave while the others of a burst are fanned out.
AT_FIRST = 25
#: Between the ends of two rounds at least: a few events are fanned out together, and what is in the air has its turn.
PAUSE_SECONDS = 0.005


class ImmediateSender(Protocol):
    """Whoever can send what was just made: the sending loop of the same worker."""

    def offer(self) -> AbstractAsyncContextManager[SlotUsage | None]:
        """Its slots, which nobody else deals meanwhile; None where others wait for them."""
        ...

    async def take(self, leased: Sequence[Leased], stamps: Stamps) -> None:
        """Sends these, whose leases are committed."""
        ...


def immediate_slots(
    wishes: Iterable[DeliverySpec], seats: Mapping[uuid.UUID, EndpointCapacity], taken: SlotUsage
) -> dict[uuid.UUID, int]:
    """By endpoint, how many of its new deliveries leave at once."""
    if not seats or taken.free <= 0:
        return {}
    wanted = Counter(endpoint.key for wish in wishes for endpoint in wish.endpoints if endpoint.key in seats)
    now = clock.now()
    given = allocate([_queue_of(key, seats[key], ready, taken, now) for key, ready in wanted.items()], taken)
    return {key: number for (key, _), number in given.items()}


def _queue_of(key: uuid.UUID, seat: EndpointCapacity, ready: int, taken: SlotUsage, now: datetime) -> EndpointQueue:
    in_flight = max(seat.in_flight, taken.in_air.get(key, 0))
    return EndpointQueue(seat.agency, key, "new", ready, now, seat.concurrency - in_flight, in_flight)


class FanoutResult(NamedTuple):
    """What came of it: the events, and how many deliveries are left to be claimed.

    `leased` are those that need not be, with the stamps of their endpoints. `more`: some agency had its whole share.
    """

    happened: Sequence[EventRecord] = ()
    more: bool = False
    left: int = 0
    leased: Sequence[Leased] = ()
    stamps: Stamps = MappingProxyType({})


class Fanout:
    """Fan-out of one process, with its own connection and the endpoints it knows."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._line = KeptConnection(sessions, plans_once=True)
        self._directory = SubscriptionCache(sessions)

    async def close(self) -> None:
        """Close the connection."""
        await self._line.close()

    async def once(self, tools: WebhookContext, hands: ImmediateSender, limit: int) -> bool:
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
                await postpone_events(self._sessions, taken)
                return 1
            log.warning("webhooks.fan_out_one_by_one")
        done = 0
        while done < limit and await self.all(limit=1):
            done += 1
        return done

    async def _fan_out(self, taken: list[str], *, limit: int, slots: SlotUsage | None = None) -> FanoutResult:
        """In one transaction; `taken` gets the ids of the events first."""
        async with self._line.transaction(BEGIN if slots is None else BEGIN_CHOOSING) as driver:
            rested = slots is not None and limit == AT_FIRST
            arrived = () if slots is None else slots.arrived
            found, endpoints = await take_events(driver, limit=limit, shared=not rested, arrived=arrived)
            if not found:
                return FanoutResult()
            # rows in place of objects: they are read by the thousand
            happened = [EventRecord(cast(Event, row), row.personal) for row in found]
            taken += [row.id for row in found]
            chosen = slots if found[0].chooses else None
            of_agency = Counter(row.agency for row in found)
            receivers, seats = await self._directory.of(endpoints)
            wishes = _specs(happened, receivers)
            batch = creation.DeliveryBatch("event", immediate_slots(wishes, seats, chosen) if chosen else {}, seats)
            for wish in wishes:
                batch.add(wish)
            made = await batch.write_directly(driver, [row.place for row in found])
        for each in happened:
            metrics.event_fanned_out(each.event.type)
        skipped = sum(not endpoint.active for wish in wishes for endpoint in wish.endpoints)
        if skipped:
            metrics.delivery_ended("skipped", "endpoint_disabled", skipped)
        leased = batch.leased(made)
        stamps = {(row.agency_id, row.endpoint_id): seats[row.endpoint_id].stamp for row, _ in leased}
        more = max(of_agency.values()) >= max(limit // len(of_agency), 1)
        return FanoutResult(happened, more, len(made) - skipped - len(leased), leased, stamps)


async def serve(tools: WebhookContext, stop: asyncio.Event, hands: ImmediateSender) -> None:
    """Fans out until `stop` is set; what can leave at once is put into `hands`."""
    more, fanning = False, Fanout(tools.sessions)
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
    fanning = Fanout(sessions)
    try:
        return await fanning.all(limit=limit)
    finally:
        await fanning.close()


def _specs(happened: Sequence[EventRecord], receivers: Mapping[str, Sequence[Subscription]]) -> list[DeliverySpec]:
    """Receivers of the events. A test has one receiver, and its requester sends it."""
    interested = _Interested(receivers)
    return [
        DeliverySpec(each, matching(interested[each.event.agency_id, each.event.type], each))
        for each in happened
        if not each.event.test
    ]


class _Interested(dict[tuple[str, str], list[Subscription]]):
    """The endpoints of an agency that want a type of event; found out once, however many events are of it."""

    def __init__(self, receivers: Mapping[str, Sequence[Subscription]]) -> None:
        super().__init__()
        self._receivers = receivers

    def __missing__(self, key: tuple[str, str]) -> list[Subscription]:
        agency_id, event_type = key
        self[key] = [
            each for each in self._receivers.get(agency_id, ()) if event_filter.wants(each.event_types, event_type)
        ]
        return self[key]


def matching(endpoints: Sequence[Subscription], happened: EventRecord) -> list[Subscription]:
    """Those of the endpoints that want its type to which an event goes; what happens to one itself never does."""
    facts = happened.event.facts
    itself = facts.get("endpoint_id") if happened.event.type.startswith(event_filter.OPERATIONAL) else None
    return [
        each for each in endpoints if each.id != itself and (not each.filter or event_filter.passes(each.filter, facts))
    ]


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


def _take_statement(taken: str) -> DriverStatement:
    """Events whose marks are taken, and of each agency at its first event the endpoints."""
    read = f"""
    SELECT taken.ctid, e.agency_id, e.id, e.type, e.occurred_at, e.subject_type, e.subject_id, e.sequence, e.test,
      e.facts, e.request_id, personal.data, chosen.chooses,
      CASE WHEN row_number() OVER (PARTITION BY taken.agency_id ORDER BY taken.due_at, taken.id) = 1
        THEN {endpoint_cache.ENDPOINTS.format(looking="chosen.chooses")} END
    FROM taken
    CROSS JOIN (SELECT current_setting('{_CHOOSES}', true) IS NOT DISTINCT FROM 'true' AS chooses) chosen
    JOIN events e ON e.agency_id = taken.agency_id AND e.id = taken.id
    LEFT JOIN event_personal personal ON personal.agency_id = e.agency_id AND personal.id = e.id
    ORDER BY taken.due_at, taken.id
    """  # noqa: S608 - names of ours
    parameters = (bindparam("most", type_=Integer()), bindparam("arrived", type_=ARRAY(Uuid())))
    return DriverStatement.of(text(taken + read).bindparams(*parameters))


_TAKE_OLDEST, _TAKE_SHARED = _take_statement(_OLDEST), _take_statement(_SHARED)


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


async def take_events(
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


async def postpone_events(sessions: Sessions, event_ids: Sequence[str]) -> None:
    """Lets an event that could not be fanned out wait, twice as long each time."""
    pause = func.least(func.power(2, OutboxEntry.tries + 1), _LONGEST_REST.total_seconds())
    async with sessions.begin() as session:
        await session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id.in_(event_ids))
            .values(tries=OutboxEntry.tries + 1, due_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause))
            .execution_options(synchronize_session=False, **CROSS_TENANT)
        )
