"""Fan-out: creates the deliveries of many events in one transaction, which deletes their outbox entries.

If no delivery waits before them, new ones are created with a lease and sent by the same worker without a claim. The
rules of a claim apply: fair shares of the slots, limits of each endpoint, one worker allocates at a time.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, cast

import structlog
from sqlalchemy import ARRAY, Integer, Uuid, bindparam, func, text, update

from app.events.models import Event, OutboxEntry
from app.events.queries import EventRecord
from app.kit import ids
from app.kit.database import CROSS_TENANT, DriverStatement, KeptConnection, Sessions
from app.kit.encryption import Keyring
from app.kit.jobs import UNTIL_WOKEN
from app.webhooks import metrics
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries import conditions
from app.webhooks.deliveries.creation import DeliveryBatch, DeliverySpec, Place, ReceivingEndpoint
from app.webhooks.deliveries.transitions import LEASE_SECONDS, ClaimedDelivery
from app.webhooks.dispatcher.endpoint_cache import EndpointCache, EndpointSnapshot, RowVersions
from app.webhooks.dispatcher.scheduler import CHOOSING, EndpointRow, immediate
from app.webhooks.maintenance import retention
from app.webhooks.policies import event_filter
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.fair_share import SlotUsage

log = structlog.get_logger(__name__)

#: Name of this loop in the health of the worker.
LOOP = "fan-out"

AT_ONCE = 100
#: Limit of the first round after a rest: these events leave while the others of a burst are fanned out.
AT_FIRST = 25
#: Minimum pause between two rounds: events are fanned out together, and deliveries in flight get their turn.
PAUSE_SECONDS = 0.005


class ImmediateSender(Protocol):
    """Sender of new deliveries: the dispatcher of the same worker."""

    def reserve_slots(self) -> AbstractAsyncContextManager[SlotUsage | None]:
        """Its slots, reserved for this allocation; None if other deliveries wait for them."""
        ...

    async def accept(self, deliveries: Sequence[ClaimedDelivery], versions: RowVersions) -> None:
        """Send these deliveries, whose leases are committed."""
        ...


class FanoutResult(NamedTuple):
    """Result of a fan-out: its events, and the number of deliveries to claim.

    `leased` need no claim and come with the versions of their endpoints. `more`: an agency used its whole share.
    """

    events: Sequence[EventRecord] = ()
    more: bool = False
    left: int = 0
    leased: Sequence[ClaimedDelivery] = ()
    versions: RowVersions = MappingProxyType({})


class Fanout:
    """Fan-out of one process, with a connection of its own."""

    def __init__(self, sessions: Sessions, endpoints: EndpointCache, public_url: str) -> None:
        self._sessions, self._public_url = sessions, public_url
        self._line = KeptConnection(sessions, plans_once=True)
        self._endpoints = endpoints

    async def close(self) -> None:
        """Close the connection."""
        await self._line.close()

    async def once(self, tools: WebhookContext, sender: ImmediateSender, limit: int) -> bool:
        """Fan out once, and wake the scheduler if deliveries are left to claim. Returns True if there may be more."""
        try:
            async with sender.reserve_slots() as usage:
                done = await self._fan_out([], limit=limit, usage=usage)
                if done.leased:
                    await sender.accept(done.leased, done.versions)
            if done.left:
                tools.alarm.ring()
            return done.more
        except Exception:
            log.warning("webhooks.fan_out_again", exc_info=True)
        number = await self.all(limit=limit)
        tools.alarm.ring()
        return number > 0

    async def all(self, *, limit: int = AT_ONCE) -> int:
        """Create the deliveries of up to `limit` events and delete their outbox entries. Returns their number.

        Nothing is sent, so one transaction holds it all and a killed worker leaves no trace. If an event cannot be
        fanned out, the others are processed one by one and that event is postponed.
        """
        taken: list[str] = []
        try:
            return len((await self._fan_out(taken, limit=limit)).events)
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

    async def _fan_out(self, taken: list[str], *, limit: int, usage: SlotUsage | None = None) -> FanoutResult:
        """Fan out in one transaction; `taken` receives the ids of the events first."""
        async with self._line.transaction(BEGIN if usage is None else BEGIN_CHOOSING) as driver:
            rested = usage is not None and limit == AT_FIRST
            arrived = () if usage is None else usage.arrived
            found, endpoints = await take_events(driver, limit=limit, shared=not rested, arrived=arrived)
            if not found:
                return FanoutResult()
            # rows in place of objects: they are read by the thousand
            events = [EventRecord(cast(Event, row), row.personal) for row in found]
            taken += [row.id for row in found]
            snapshots = await self._endpoints.get({(row.agency, row.id): row.version for row in endpoints})
            specs = specs_of(events, snapshots.values())
            free = {row.id: row for row in endpoints if row.is_free}
            leased_now = immediate(specs, free, usage) if usage and found[0].chooses else {}
            batch = DeliveryBatch("event", self._public_url, leased_now)
            for spec in specs:
                batch.add(spec)
            created = await batch.write_directly(driver, [row.place for row in found])
        for each in events:
            metrics.event_fanned_out(each.event.type)
        skipped = sum(not to.is_active for spec in specs for to in spec.recipients)
        if skipped:
            metrics.delivery_ended(EndReason.ENDPOINT_DISABLED.status, EndReason.ENDPOINT_DISABLED, skipped)
        leased = batch.leased(created)
        versions = {(each.agency_id, each.endpoint_id): free[each.endpoint_id].version for each in leased}
        of_agency = Counter(row.agency for row in found)
        more = max(of_agency.values()) >= max(limit // len(of_agency), 1)
        return FanoutResult(events, more, len(created) - skipped - len(leased), leased, versions)


def specs_of(events: Sequence[EventRecord], endpoints: Iterable[EndpointSnapshot]) -> list[DeliverySpec]:
    """Each event with its recipients. A test event has one recipient; its requester creates its delivery."""
    interested = _Interested(endpoints)
    return [
        DeliverySpec(each, recipients(interested[each.event.agency_id, each.event.type], each))
        for each in events
        if not each.event.test
    ]


class _Interested(dict[tuple[str, str], list[EndpointSnapshot]]):
    """Endpoints of an agency that subscribe to an event type, computed once per type."""

    def __init__(self, endpoints: Iterable[EndpointSnapshot]) -> None:
        super().__init__()
        self._of_agency: dict[str, list[EndpointSnapshot]] = {}
        for each in endpoints:
            self._of_agency.setdefault(each.agency_id, []).append(each)

    def __missing__(self, key: tuple[str, str]) -> list[EndpointSnapshot]:
        agency_id, event_type = key
        self[key] = [
            each for each in self._of_agency.get(agency_id, ()) if event_filter.wants(each.event_types, event_type)
        ]
        return self[key]


def recipients(endpoints: Sequence[EndpointSnapshot], record: EventRecord) -> list[ReceivingEndpoint]:
    """Recipients of an event among subscribed endpoints. An event about an endpoint is not sent to it."""
    facts = record.event.facts
    itself = facts.get("endpoint_id") if record.event.type.startswith(event_filter.OPERATIONAL) else None
    return [
        each.recipient
        for each in endpoints
        if each.id != itself and (not each.filter or event_filter.passes(each.filter, facts))
    ]


async def serve(tools: WebhookContext, stop: asyncio.Event, sender: ImmediateSender, endpoints: EndpointCache) -> None:
    """Fan out until `stop` is set; `sender` sends deliveries that need no claim."""
    more, fanning = False, Fanout(tools.sessions, endpoints, tools.public_url)
    months = retention.PartitionKeeper(tools.sessions)
    stopping = asyncio.create_task(tools.happened.ring_at(stop))
    while not stop.is_set():
        tools.pulse.beat(LOOP)
        try:
            await months.keep()
            more = await fanning.once(tools, sender, AT_ONCE if more else AT_FIRST)
        except Exception:  # the database is unavailable: log it and try again
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


async def fan_out(
    sessions: Sessions, keyring: Keyring, *, public_url: str = "https://go.example", limit: int = AT_ONCE
) -> int:
    """See `Fanout.all`. For tests."""
    fanning = Fanout(sessions, EndpointCache(sessions, keyring), public_url)
    try:
        return await fanning.all(limit=limit)
    finally:
        await fanning.close()


#: Endpoints of the agency of `taken`, as an array of the fields of `EndpointRow` after the agency. Free (only with
#: `looking`): no unleased delivery is due, and it has no limits but its concurrency, no order and good health.
ENDPOINTS = f"""
    ARRAY(
      SELECT ROW(e.id, e.xmin::text, e.concurrency, head.in_flight, ({LEASE_SECONDS})::float,
        {{looking}} AND {conditions.is_unlimited_sql("e", "h")} AND head.waits IS NOT TRUE)
      FROM webhook_endpoints e
      JOIN webhook_health h ON h.agency_id = e.agency_id AND h.id = e.id
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE first.id NOT IN (SELECT unnest(:arrived))) AS in_flight,
          bool_or({conditions.is_unleased_sql("first")}) AS waits
        FROM (
          SELECT d.id, d.lease_until FROM webhook_deliveries d
          WHERE {{looking}} AND d.agency_id = e.agency_id AND d.endpoint_id = e.id AND d.due_at <= now()
          LIMIT e.concurrency * 3
        ) first
      ) head
      WHERE e.agency_id = taken.agency_id AND e.deleted_at IS NULL
      ORDER BY e.id
    )
    """  # noqa: S608 - names of ours

_LONGEST_REST = timedelta(minutes=5)

#: By age alone: with few entries no agency gets too many.
_OLDEST = """
    WITH taken AS MATERIALIZED (
      SELECT ctid, agency_id, id, due_at FROM event_outbox
      WHERE due_at <= now() ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    """
#: Walks the index from one agency with entries to the next, and takes an equal share from each, the oldest first, so
#: that an agency with very many does not delay the others.
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


#: Setting that is true in the one transaction that allocates slots.
_CHOOSES = "keyturn.chooses"
#: Committed without waiting for the disk: a crash of the server that undoes it restores the outbox entries.
BEGIN = "SET LOCAL synchronous_commit = off"
#: The lock is taken in an earlier statement than the count of deliveries in flight, which therefore sees what was
#: committed under the lock.
BEGIN_CHOOSING = f"{BEGIN}; SELECT set_config('{_CHOOSES}', pg_try_advisory_xact_lock({CHOOSING})::text, true)"


def _take_statement(taken: str) -> DriverStatement:
    """Events whose outbox entries are taken, and with the first event of each agency its endpoints."""
    read = f"""
    SELECT taken.ctid, e.agency_id, e.id, e.type, e.occurred_at, e.subject_type, e.subject_id, e.sequence, e.test,
      e.facts, e.actor_kind, e.actor_id, e.request_id, personal.data, chosen.chooses,
      CASE WHEN row_number() OVER (PARTITION BY taken.agency_id ORDER BY taken.due_at, taken.id) = 1
        THEN {ENDPOINTS.format(looking="chosen.chooses")} END
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

    `place` is the location of its outbox entry during this transaction. `chooses`: this transaction allocates slots.
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
    actor_kind: str
    actor_id: str
    request_id: str | None
    personal: dict[str, Any]
    chooses: bool


async def take_events(
    driver: Any, *, limit: int, shared: bool, arrived: Collection[uuid.UUID]
) -> tuple[Sequence[OutboxEvent], Sequence[EndpointRow]]:
    """Lock up to `limit` outbox entries that are due, until the driver's transaction ends. Also their agencies'
    endpoints.

    `shared`: agencies get equal shares of them; it costs twice as much as the oldest ones. `arrived`: see `SlotUsage`.
    """
    rows = await (_TAKE_SHARED if shared else _TAKE_OLDEST).fetch(driver, {"most": limit, "arrived": arrived})
    entries, endpoints = list[OutboxEvent](), list[EndpointRow]()
    for place, agency, event_id, *event, request_id, personal, chooses, found in rows:
        agency_id, shown_id = ids.text("agency", agency), ids.text("evt", event_id)
        entries.append(
            OutboxEvent._make((place, agency, agency_id, shown_id, *event, request_id, personal or {}, chooses))
        )
        if found is not None:
            endpoints += [EndpointRow(agency, *each) for each in found]
    return entries, endpoints


async def postpone_events(sessions: Sessions, event_ids: Sequence[str]) -> None:
    """Postpone an event that could not be fanned out, twice as long each time."""
    pause = func.least(func.power(2, OutboxEntry.tries + 1), _LONGEST_REST.total_seconds())
    async with sessions.begin() as session:
        await session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.id.in_(event_ids))
            .values(tries=OutboxEntry.tries + 1, due_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause))
            .execution_options(synchronize_session=False, **CROSS_TENANT)
        )
