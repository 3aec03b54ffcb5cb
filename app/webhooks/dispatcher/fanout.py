"""Fan-out: creates the deliveries of many events in one transaction, which deletes their outbox entries.

If no delivery waits before them, new ones are created with a lease and sent by the same worker without a claim. The
rules of a claim apply: fair shares of the slots, limits of each endpoint, one worker allocates at a time.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

import structlog
from sqlalchemy import ARRAY, Integer, Uuid, bindparam, func, text, update

from app.events.models import OutboxEntry
from app.events.rendering import EventRecord
from app.kit import clock, ids
from app.kit.database import CROSS_TENANT, DriverStatement, KeptConnection, Sessions
from app.webhooks import metrics
from app.webhooks.deliveries import conditions
from app.webhooks.deliveries.creation import DeliveryBatch, Place, ReceivingEndpoint
from app.webhooks.deliveries.transitions import LEASE_SECONDS, ClaimedDelivery
from app.webhooks.dispatcher.endpoint_cache import EndpointCache, EndpointSnapshot, RowVersions
from app.webhooks.dispatcher.scheduler import CHOOSING
from app.webhooks.policies import event_filter
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.fair_share import EndpointQueue, SlotUsage, allocate

log = structlog.get_logger(__name__)

AT_ONCE = 100
#: Limit of the first round after a rest: these events leave while the others of a burst are fanned out.
AT_FIRST = 25


class EndpointRow(NamedTuple):
    """An endpoint as `ENDPOINTS` reads it. `in_flight` excludes arrived deliveries, which take no capacity."""

    agency: uuid.UUID
    id: uuid.UUID
    version: str
    concurrency: int
    in_flight: int
    lease_seconds: float
    is_free: bool


class FanoutResult(NamedTuple):
    """Result of a fan-out: the number of its events, and of the deliveries to claim.

    `leased` need no claim and come with the versions of their endpoints. `more`: an agency used its whole share.
    """

    events: int = 0
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

    async def all(self, limit: int = AT_ONCE) -> int:
        """Create the deliveries of up to `limit` events and delete their outbox entries. Returns their number.

        Nothing is leased. If an event cannot be fanned out, the others are processed one by one and that event is
        postponed.
        """
        taken: list[str] = []
        try:
            return (await self.once(limit, taken=taken)).events
        except Exception:
            if limit == 1:
                log.exception("webhooks.event_not_fanned_out")
                await postpone_events(self._sessions, taken)
                return 1
            log.warning("webhooks.fan_out_one_by_one")
        done = 0
        while done < limit and await self.all(1):
            done += 1
        return done

    async def once(self, limit: int, usage: SlotUsage | None = None, *, taken: list[str] | None = None) -> FanoutResult:
        """Fan out up to `limit` events in one transaction. Nothing is sent, so a killed worker leaves no trace.

        With `usage`, deliveries for which there are slots are leased. `taken` receives the ids of the events first.
        """
        async with self._line.transaction(BEGIN if usage is None else BEGIN_CHOOSING) as driver:
            shared = usage is None or limit != AT_FIRST
            rows = await (_TAKE_SHARED if shared else _TAKE_OLDEST).fetch(
                driver, {"most": limit, "arrived": () if usage is None else usage.arrived}
            )
            if not rows:
                return FanoutResult()
            events, places, endpoints = _read(rows)
            if taken is not None:
                taken += [each.id for each in events]
            snapshots = await self._endpoints.get({(row.agency, row.id): row.version for row in endpoints})
            received = receivers(events, snapshots.values())
            free = {row.id: row for row in endpoints if row.is_free}
            leased_now = _immediate(received, free, usage) if usage and rows[0]["chooses"] else {}
            batch = DeliveryBatch("event", self._public_url, leased_now)
            for event, recipients in received:
                batch.add(event, recipients)
            created = await batch.write_directly(driver, places)
        for event_type, number in Counter(each.type for each in events).items():
            metrics.events_fanned_out(event_type, number)
        skipped = sum(not to.is_active for _, recipients in received for to in recipients)
        if skipped:
            metrics.delivery_ended(EndReason.ENDPOINT_DISABLED.status, EndReason.ENDPOINT_DISABLED, skipped)
        leased = batch.leased(created)
        versions = {(each.agency_id, each.endpoint_id): free[each.endpoint_id].version for each in leased}
        of_agency = Counter(each.agency_id for each in events)
        more = max(of_agency.values()) >= max(limit // len(of_agency), 1)
        return FanoutResult(len(events), more, len(created) - skipped - len(leased), leased, versions)


def _read(rows: Iterable[Any]) -> tuple[list[EventRecord], list[Place], list[EndpointRow]]:
    """Events, the places of their outbox entries, and their agencies' endpoints.

    Rows become tuples in place of objects: they are read by the thousand.
    """
    events, places, endpoints = list[EventRecord](), list[Place](), list[EndpointRow]()
    for place, agency, event_id, *event, personal, _, found in rows:
        event_key = ids.text("agency", agency), ids.text("evt", event_id)
        events.append(EventRecord._make((*event_key, *event, personal or {}, 0)))
        places.append(place)
        if found is not None:
            endpoints += [EndpointRow(agency, *each) for each in found]
    return events, places, endpoints


def receivers(
    events: Iterable[EventRecord], endpoints: Iterable[EndpointSnapshot]
) -> list[tuple[EventRecord, list[ReceivingEndpoint]]]:
    """Each event with its recipients: the endpoints of its agency that subscribe to its type and filter.

    An event about an endpoint is not sent to it. A test event has one recipient; its requester creates its delivery.
    """
    of_agency: dict[str, list[EndpointSnapshot]] = {}
    for endpoint in endpoints:
        of_agency.setdefault(endpoint.agency_id, []).append(endpoint)
    subscribed: dict[tuple[str, str], list[EndpointSnapshot]] = {}
    received = []
    for event in events:
        if event.test:
            continue
        key, facts = (event.agency_id, event.type), event.facts
        if key not in subscribed:
            theirs = of_agency.get(event.agency_id, ())
            subscribed[key] = [each for each in theirs if event_filter.wants(each.event_types, event.type)]
        itself = facts.get("endpoint_id") if event.type.startswith(event_filter.OPERATIONAL) else None
        recipients = [
            each.recipient
            for each in subscribed[key]
            if each.id != itself and (not each.filter or event_filter.passes(each.filter, facts))
        ]
        received.append((event, recipients))
    return received


def _immediate(
    received: Iterable[tuple[EventRecord, Sequence[ReceivingEndpoint]]],
    free: Mapping[uuid.UUID, EndpointRow],
    usage: SlotUsage,
) -> dict[uuid.UUID, tuple[int, float]]:
    """Number of new deliveries by endpoint that leave without a claim, and the seconds of their leases."""
    if not free or usage.free <= 0:
        return {}
    now, queues = clock.now(), []
    wanted = Counter(to.id for _, recipients in received for to in recipients if to.id in free)
    for endpoint_id, ready in wanted.items():
        row = free[endpoint_id]
        in_flight = max(row.in_flight, usage.in_air.get(endpoint_id, 0))
        queues.append(EndpointQueue(row.agency, endpoint_id, "new", ready, now, row.concurrency - in_flight, in_flight))
    return {
        endpoint_id: (number, free[endpoint_id].lease_seconds)
        for (endpoint_id, _), number in allocate(queues, usage).items()
    }


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
#: that an agency with very many does not delay the others. It costs twice as much.
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
    """Lock outbox entries that are due, until the transaction ends, and read their events.

    With the first event of each agency come its endpoints. `arrived`: see `SlotUsage`.
    """
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
