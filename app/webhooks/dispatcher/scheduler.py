"""Scheduler: claims due deliveries in fair shares of the slots, each under a lease.

Deliveries of deleted or disabled endpoints end here, without an attempt.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    Float,
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    case,
    func,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit import ids
from app.kit.database import CROSS_TENANT, BulkColumns, Sessions, beginning, bulk_table, bulk_values
from app.kit.poller import LISTENING_SECONDS
from app.webhooks.deliveries import conditions, transitions
from app.webhooks.deliveries.transitions import ClaimedDelivery
from app.webhooks.dispatcher.endpoint_cache import RowVersions
from app.webhooks.models import EndpointHealth
from app.webhooks.policies import health_rules
from app.webhooks.policies.fair_share import EndpointQueue, SlotClass, SlotUsage, allocate
from app.webhooks.policies.health_rules import EndpointHealthState, tokens_now

#: Lock: one worker allocates at a time, so that limits of an endpoint hold for all workers together.
CHOOSING = 0x6B65795078
#: Committed without waiting for the disk: a claim that a crash of the server undoes is repeated.
_FIRST = f"SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock({CHOOSING})"

#: Columns of the delivery itself.
_OWN = ClaimedDelivery._fields[1:-3]
#: A body is returned once, with one of its deliveries (`carries`). OFFSET 0: bodies are looked up one by one by their
#: keys, for any number of rows that the planner expects.
_CLAIM = text(
    f"""
    WITH queue AS (
      SELECT * FROM unnest(:agencies, :endpoints, :slot_classes, :numbers)
        AS queue(agency_id, endpoint_id, slot_class, number)
    ), claimed AS (
      {transitions.LEASE}
    ), counted AS (
      SELECT *, row_number() OVER (PARTITION BY body_id) = 1 AS carries FROM claimed
    )
    SELECT {", ".join(_OWN)}, body_id, carries, content, occurred_at, request_id
    FROM counted
    LEFT JOIN LATERAL (
      SELECT body.content, event.occurred_at, event.request_id
      FROM events event
      LEFT JOIN webhook_bodies body
        ON body.agency_id = event.agency_id AND body.id = counted.body_id AND body.created_at = counted.body_created_at
      WHERE counted.carries AND event.agency_id = counted.agency_id AND event.id = counted.event_id
      OFFSET 0
    ) contents ON true
    """  # noqa: S608 - names of ours
).bindparams(
    bindparam("agencies", type_=ARRAY(Uuid())), bindparam("endpoints", type_=ARRAY(Uuid())),
    bindparam("slot_classes", type_=ARRAY(String())), bindparam("numbers", type_=ARRAY(Integer())),
    bindparam("token", type_=Uuid()),
).columns(
    agency_id=Uuid(), id=Uuid(), endpoint_id=Uuid(), event_id=Uuid(), body_id=Uuid(),
    expires_at=DateTime(timezone=True), occurred_at=DateTime(timezone=True),
)  # fmt: skip
_NOTED: BulkColumns = {"agency_id": Uuid(), "id": Uuid(), "tokens": Float(), "half_open": Boolean()}
_noted = bulk_table("noted", _NOTED)
_health = cast(Table, EndpointHealth.__table__)
_theirs = (_health.c.agency_id == _noted.c.agency_id, _health.c.id == _noted.c.id)
#: In the sequence of all locks.
_LOCK = (
    select(_health.c.id).where(*_theirs).order_by(_health.c.id).with_for_update(of=_health)
    .execution_options(**CROSS_TENANT)
)  # fmt: skip
_NOTE = (
    update(_health)
    .where(*_theirs)
    .values(
        tokens=func.coalesce(_noted.c.tokens, _health.c.tokens),
        tokens_at=case((_noted.c.tokens.is_not(None), func.now()), else_=_health.c.tokens_at),
        breaker=case((_noted.c.half_open, "half_open"), else_=_health.c.breaker),
        probes=case((_noted.c.half_open, 1), else_=_health.c.probes),
    )
    .execution_options(**CROSS_TENANT)
)


@dataclass(frozen=True)
class ClaimResult:
    """Result of a claim; `more`: more was due than there were slots for."""

    deliveries: Sequence[ClaimedDelivery]
    more: bool
    #: deliveries are due but were not claimed although nothing holds them: others are in flight, or a limit applies
    left: bool = False
    versions: RowVersions = field(default_factory=dict)


async def claim(sessions: Sessions, usage: SlotUsage) -> ClaimResult:
    """Claim due deliveries in fair shares, in one transaction that ends before anything is sent."""
    async with beginning(sessions, _FIRST) as connection:
        queues = await read_queues(connection, usage)
        if not queues:
            return ClaimResult((), more=False)
        open_queues = [queue for queue in queues if queue.capacity > 0]
        if ordered := [(queue.agency, queue.endpoint) for queue in open_queues if queue.ordered]:
            await transitions.defer(connection, ordered)
        unsendable = sorted({(queue.agency, queue.endpoint) for queue in queues if not queue.sendable})
        for agency_id, endpoint_id in unsendable:  # a batch of each, also deliveries that are not due
            await transitions.end_unsendable(connection, agency_id, endpoint_id)
        assigned = allocate(open_queues, usage)
        if not assigned:
            return ClaimResult((), more=bool(unsendable), left=any(not queue.held for queue in queues))
        claimed = await _lease_due(connection, open_queues, assigned)
        numbers = Counter(each.endpoint_id for each in claimed)
        served = [queue for queue in open_queues if numbers[queue.endpoint]]
        await _record_usage(connection, served, numbers)
        return ClaimResult(
            claimed, more=bool(unsendable) or 0 < len(claimed) < sum(queue.ready for queue in open_queues),
            left=len(claimed) < sum(queue.ready for queue in queues if not queue.held),
            versions={(queue.agency, queue.endpoint): queue.version for queue in served},
        )  # fmt: skip


async def _lease_due(
    connection: AsyncConnection, queues: Sequence[EndpointQueue], given: Mapping[tuple[uuid.UUID, SlotClass], int]
) -> Sequence[ClaimedDelivery]:
    token = ids.raw()
    chosen = [queue for queue in queues if (queue.endpoint, queue.slot_class) in given]
    result = await connection.execute(
        _CLAIM,
        {
            "token": token,
            "agencies": [queue.agency for queue in chosen],
            "endpoints": [queue.endpoint for queue in chosen],
            "slot_classes": [queue.slot_class for queue in chosen],
            "numbers": [given[queue.endpoint, queue.slot_class] for queue in chosen],
        },
        execution_options=CROSS_TENANT,
    )
    found = result.all()
    carried = {row.body_id: (row.content, row.occurred_at, row.request_id) for row in found if row.carries}
    return [ClaimedDelivery._make((token, *row[: len(_OWN)], *carried[row.body_id])) for row in found]


async def _record_usage(
    connection: AsyncConnection, served: Sequence[EndpointQueue], numbers: Mapping[uuid.UUID, int]
) -> None:
    """Take claimed deliveries, by endpoint, from the token buckets, and half-open the breakers of probes."""
    noted = {
        queue.endpoint: (
            queue.agency,
            queue.endpoint,
            None if queue.tokens is None else max(queue.tokens - numbers[queue.endpoint], 0.0),
            queue.half_open,
        )
        for queue in served
        if queue.tokens is not None or queue.half_open
    }
    if noted:
        given = bulk_values("noted", _NOTED, list(noted.values()))
        await connection.execute(_LOCK, given)
        await connection.execute(_NOTE, given)


#: Walks the index of due deliveries from one (agency, endpoint, slot class) to the next, and reads the head of each. It
#: contains deliveries in flight, because a claim keeps their position. The cost depends on the number of endpoints with
#: due deliveries, not on the number of deliveries.
_WALK = """
    WITH RECURSIVE queues AS (
      (SELECT agency_id, endpoint_id, slot_class FROM webhook_deliveries WHERE due_at IS NOT NULL
       ORDER BY agency_id, endpoint_id, slot_class LIMIT 1)
      UNION ALL
      SELECT following.* FROM queues, LATERAL (
        SELECT d.agency_id, d.endpoint_id, d.slot_class FROM webhook_deliveries d
        WHERE d.due_at IS NOT NULL
          AND (d.agency_id, d.endpoint_id, d.slot_class) > (queues.agency_id, queues.endpoint_id, queues.slot_class)
        ORDER BY d.agency_id, d.endpoint_id, d.slot_class LIMIT 1
      ) following
    )
    """
_QUEUES = (
    text(
        f"""
    {_WALK}
    SELECT queues.agency_id, queues.endpoint_id, queues.slot_class, head.in_flight, head.arrived, head.ready,
      head.oldest,
      {conditions.is_sendable_sql("e")} AS sendable,
      {conditions.is_paused_sql("e")} AS paused,
      e.concurrency, e.ordering = 'by_subject' AS ordered, NULLIF(e.rate_limit, 'null') AS rate_limit,
      e.xmin::text AS version, {conditions.is_unwell_sql("h")} AS unwell
    FROM queues
    JOIN webhook_endpoints e ON e.agency_id = queues.agency_id AND e.id = queues.endpoint_id
    JOIN webhook_health h ON h.agency_id = queues.agency_id AND h.id = queues.endpoint_id
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE first.lease_until > now()) AS in_flight,
        count(*) FILTER (WHERE first.lease_until > now() AND first.id IN (SELECT unnest(:arrived))) AS arrived,
        count(*) FILTER (WHERE {conditions.is_unleased_sql("first")}) AS ready,
        min(first.due_at) FILTER (WHERE {conditions.is_unleased_sql("first")}) AS oldest
      FROM (
        SELECT d.id, d.due_at, d.lease_until FROM webhook_deliveries d
        WHERE d.agency_id = queues.agency_id AND d.endpoint_id = queues.endpoint_id AND d.slot_class = queues.slot_class
          AND d.due_at <= now()
        ORDER BY d.due_at LIMIT e.concurrency * 3
      ) first
    ) head
    WHERE head.ready > 0 OR head.in_flight > 0
    """  # noqa: S608 - ours
    )
    .bindparams(bindparam("arrived", type_=ARRAY(Uuid())))
    .columns(agency_id=Uuid(), endpoint_id=Uuid(), slot_class=String())
)
#: Seconds until the next due delivery, for the poller (`DueRows.seconds`): later under a hold or an open breaker, never
#: under a pause.
SECONDS = f"""
    {_WALK}
    SELECT extract(epoch FROM min(greatest(
      head.due_at, h.hold_until, CASE WHEN h.breaker = 'open' THEN h.open_until END)) - now()) AS seconds
    FROM queues
    JOIN webhook_endpoints e ON e.agency_id = queues.agency_id AND e.id = queues.endpoint_id
    JOIN webhook_health h ON h.agency_id = queues.agency_id AND h.id = queues.endpoint_id
    CROSS JOIN LATERAL (
      SELECT d.due_at FROM webhook_deliveries d
      WHERE d.agency_id = queues.agency_id AND d.endpoint_id = queues.endpoint_id AND d.slot_class = queues.slot_class
        AND d.due_at <= now() + make_interval(secs => {LISTENING_SECONDS})
        AND {conditions.is_unleased_sql("d")}
      ORDER BY d.due_at LIMIT 1
    ) head
    WHERE NOT {conditions.is_paused_sql("e")} OR e.deleted_at IS NOT NULL
    """  # noqa: S608 - ours

_WELL = EndpointHealthState()
_KEY: BulkColumns = {"agency_id": Uuid(), "id": Uuid()}
_asked = bulk_table("asked", _KEY)
_health_table = EndpointHealth.__table__
_HEALTHS = select(_asked.c.id.label("key"), func.now().label("moment"), _health_table).where(
    _health_table.c.agency_id == _asked.c.agency_id, _health_table.c.id == _asked.c.id
)


async def read_queues(connection: AsyncConnection, usage: SlotUsage) -> list[EndpointQueue]:
    """Every queue with due deliveries, also of endpoints that are not sent to.

    An arrived delivery takes no capacity of a healthy endpoint, although it has a lease until it is recorded.
    """
    given = {"arrived": usage.arrived}
    found = (await connection.execute(_QUEUES, given, execution_options=CROSS_TENANT)).all()
    known, now = dict[uuid.UUID, Any](), datetime.min.replace(tzinfo=UTC)
    if troubled := sorted({(row.agency_id, row.endpoint_id) for row in found if row.unwell or row.rate_limit}):
        asked = bulk_values("asked", _KEY, troubled)
        healths = (await connection.execute(_HEALTHS, asked, execution_options=CROSS_TENANT)).all()
        known, now = {row.key: row for row in healths}, healths[0].moment
    in_flight: Counter[uuid.UUID] = Counter()
    for row in found:
        in_flight[row.endpoint_id] += row.in_flight - (0 if row.unwell else row.arrived)
    for endpoint_id, number in in_flight.items():  # only the head of a long queue was read
        in_flight[endpoint_id] = max(number, usage.in_air.get(endpoint_id, 0))
    return [_queue(row, known.get(row.endpoint_id), in_flight[row.endpoint_id], now) for row in found if row.ready]


def _queue(row: Any, known: Any, in_flight: int, now: datetime) -> EndpointQueue:
    left = tokens_now(row.rate_limit, known.tokens, known.tokens_at, now) if known and row.rate_limit else None
    how = health_state(known) if known else _WELL
    capacity, hold = health_rules.capacity(
        how, concurrency=row.concurrency, in_flight=in_flight, tokens=left, paused=row.paused, now=now
    )
    return EndpointQueue(
        row.agency_id, row.endpoint_id, row.slot_class, row.ready, row.oldest, capacity if row.sendable else 0,
        in_flight, row.sendable, row.ordered, left,
        held=hold in ("paused", "retry_after") or (hold == "circuit" and how.breaker == "open"),
        half_open=how.breaker == "open" and capacity > 0, version=row.version,
    )  # fmt: skip


def health_state(row: Any) -> EndpointHealthState:
    """A row of health as a value."""
    return EndpointHealthState(**{name: getattr(row, name) for name in EndpointHealthState.__dataclass_fields__})


class Slots:
    """Slots of a worker. An answered delivery that is not recorded yet has no slot, but a worker never holds more than
    twice as many deliveries as it has slots.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        #: leased and not recorded
        self.held = 0
        self._classes: Counter[SlotClass] = Counter()
        self._agencies: Counter[uuid.UUID] = Counter()
        #: by endpoint, without an answer yet
        self._in_air: Counter[uuid.UUID] = Counter()
        #: ids of deliveries that arrived and are not written down yet
        self._arrived: set[uuid.UUID] = set()

    @property
    def in_flight(self) -> int:
        """Without an answer yet."""
        return self._classes.total()

    def usage(self) -> SlotUsage:
        """Usage for the allocation of slots."""
        left = max(2 * self.number - self.held, 0)
        slots = min(self.number, self.in_flight + left)
        return SlotUsage(slots, dict(self._classes), dict(self._agencies), dict(self._in_air), list(self._arrived))

    def fill(self, row: ClaimedDelivery) -> None:
        """It is about to be sent."""
        self.held += 1
        self._classes[row.slot_class] += 1
        self._agencies[row.agency_id] += 1
        self._in_air[row.endpoint_id] += 1

    def free(self, row: ClaimedDelivery, *, arrived: bool) -> None:
        """It was answered, or could not be sent."""
        self._classes[row.slot_class] -= 1
        _drop(self._agencies, row.agency_id)
        _drop(self._in_air, row.endpoint_id)
        if arrived:
            self._arrived.add(row.id)

    def forget(self, row: ClaimedDelivery) -> None:
        """It is written down, or could not be and its lease will run out."""
        self.held -= 1
        self._arrived.discard(row.id)


def _drop(counter: Counter[uuid.UUID], key: uuid.UUID) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
