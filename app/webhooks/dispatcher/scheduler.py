"""Claims of due deliveries: fair shares, each under a lease that no other worker gets meanwhile.

Deliveries to deleted or disabled endpoints end here, without an attempt.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

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

from app.kit import bulk_params, ids
from app.kit.database import CROSS_TENANT, Sessions, beginning
from app.webhooks.dispatcher import ordering
from app.webhooks.dispatcher.claimed import ClaimedDelivery, ClaimedPayload, Leased, Stamps
from app.webhooks.dispatcher.endpoint_queues import QueueDepth, waiting
from app.webhooks.endpoints.models import EndpointHealth
from app.webhooks.policies.fair_share import Share, SlotUsage, allot

#: One worker chooses at a time, so that an endpoint's limits hold for all of them together.
CHOOSING = 0x6B65795078
#: A claim that a crash of the server undoes is made again; nobody waits until it is on disk.
_FIRST = f"SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock({CHOOSING})"

#: A lease outlasts the endpoint's deadline by ten seconds, in which what came of it is written down. A destination
#: that makes several requests has as many deadlines.
LEASE_SECONDS = "10 + e.timeout_ms / 1000.0 * CASE e.destination WHEN 'hubspot' THEN 14 ELSE 1 END"
#: Columns of the delivery itself.
_OWN = ClaimedDelivery._fields[1:]
#: A body comes once, with one of its deliveries (`carries`). OFFSET 0: looked up one by one by their keys, however many
#: rows the planner expects.
_CLAIM = text(
    f"""
    WITH claimed AS (
      UPDATE webhook_deliveries d
      SET lease_until = now() + make_interval(secs => chosen.seconds), lease_token = :token, tries = d.tries + 1
      FROM (
        SELECT due.agency_id, due.id, {LEASE_SECONDS} AS seconds, due.lapsed
        FROM unnest(:agencies, :endpoints, :shares, :numbers) AS lane(agency_id, endpoint_id, share, number)
        JOIN webhook_endpoints e ON e.agency_id = lane.agency_id AND e.id = lane.endpoint_id
        CROSS JOIN LATERAL (
          SELECT x.agency_id, x.id, x.lease_token IS NOT NULL AS lapsed FROM webhook_deliveries x
          WHERE x.agency_id = lane.agency_id AND x.endpoint_id = lane.endpoint_id AND x.share = lane.share
            AND x.due_at <= now() AND (x.lease_until IS NULL OR x.lease_until <= now())
            AND (NOT x.ordered OR NOT EXISTS (
              SELECT FROM webhook_deliveries other
              WHERE other.agency_id = x.agency_id AND other.endpoint_id = x.endpoint_id AND other.ordered
                AND other.status IN ('pending', 'retrying') AND other.subject_id = x.subject_id AND other.id <> x.id
                AND (other.sequence < x.sequence OR other.lease_until > now())
              UNION ALL
              SELECT FROM event_outbox mark
              WHERE mark.agency_id = x.agency_id AND mark.subject_id = x.subject_id AND mark.sequence < x.sequence))
          ORDER BY x.due_at LIMIT lane.number FOR UPDATE SKIP LOCKED
        ) due
      ) chosen
      WHERE d.agency_id = chosen.agency_id AND d.id = chosen.id
      RETURNING d.agency_id, d.id, d.endpoint_id, d.event_id, d.event_type, d.subject_id, d.series, d.share, d.ordered,
        d.replay_id IS NOT NULL AS replay, d.body_id, d.body_created_at, d.attempt_count, d.series_attempts, d.tries,
        d.first_attempt_at IS NULL AS is_first, d.expires_at, d.expires_at < now() AS expired, chosen.lapsed
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
    bindparam("shares", type_=ARRAY(String())), bindparam("numbers", type_=ARRAY(Integer())),
    bindparam("token", type_=Uuid()),
).columns(
    agency_id=Uuid(), id=Uuid(), endpoint_id=Uuid(), event_id=Uuid(), body_id=Uuid(),
    expires_at=DateTime(timezone=True), occurred_at=DateTime(timezone=True),
)  # fmt: skip
_NOTED: bulk_params.Columns = {"agency_id": Uuid(), "id": Uuid(), "tokens": Float(), "half_open": Boolean()}
_noted = bulk_params.table("noted", _NOTED)
_health = cast(Table, EndpointHealth.__table__)
_theirs = (_health.c.agency_id == _noted.c.agency_id, _health.c.id == _noted.c.id)
#: In the order in which everybody locks them.
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
    """What one claim brought; `more`: something was due that could have been taken, had there been slots."""

    rows: Sequence[Leased]
    more: bool
    #: something is due that was not taken though nothing holds it: others are in flight, or it is limited
    left: bool = False
    stamps: Stamps = field(default_factory=dict)


async def claim(sessions: Sessions, taken: SlotUsage) -> ClaimResult:
    """Takes what is due in fair shares, in one transaction, which is over before anything is sent."""
    async with beginning(sessions, _FIRST) as connection:
        lanes = await waiting(connection, taken)
        if not lanes:
            return ClaimResult((), more=False)
        open_ones = [lane for lane in lanes if lane.room > 0]
        if any(lane.ordered for lane in open_ones):
            await ordering.put_aside(
                connection, [(each.agency_id, each.endpoint_id) for each in open_ones if each.ordered]
            )
        ended = await end(connection, [lane for lane in lanes if not lane.sendable])
        given = allot([lane.lane for lane in open_ones], taken)
        if not given:
            return ClaimResult((), more=ended, left=any(not lane.held for lane in lanes))
        claimed = await _take(connection, open_ones, given)
        await _note(connection, open_ones, claimed)
        served = {(row.agency_id, row.endpoint_id) for row, _ in claimed}
        stamps = {key: lane.stamp for lane in open_ones if (key := (lane.agency_id, lane.endpoint_id)) in served}
        return ClaimResult(
            claimed, more=ended or 0 < len(claimed) < sum(lane.ready for lane in open_ones),
            left=len(claimed) < sum(lane.ready for lane in lanes if not lane.held), stamps=stamps,
        )  # fmt: skip


async def _take(
    connection: AsyncConnection, lanes: Sequence[QueueDepth], given: Mapping[tuple[uuid.UUID, Share], int]
) -> Sequence[Leased]:
    token = ids.raw()
    chosen = [lane for lane in lanes if (lane.endpoint_id, lane.share) in given]
    result = await connection.execute(
        _CLAIM,
        {
            "token": token,
            "agencies": [lane.agency_id for lane in chosen],
            "endpoints": [lane.endpoint_id for lane in chosen],
            "shares": [lane.share for lane in chosen],
            "numbers": [given[lane.endpoint_id, lane.share] for lane in chosen],
        },
        execution_options=CROSS_TENANT,
    )
    found = result.all()
    carried = {
        row.body_id: ClaimedPayload(row.content, row.occurred_at, row.request_id) for row in found if row.carries
    }
    return [(ClaimedDelivery._make((token, *row[: len(_OWN)])), carried[row.body_id]) for row in found]


async def _note(connection: AsyncConnection, lanes: Sequence[QueueDepth], claimed: Sequence[Leased]) -> None:
    """Takes what was claimed out of the buckets of rate limits, and opens breakers by half for their probe."""
    numbers = Counter(row.endpoint_id for row, _ in claimed)
    of_endpoint = {lane.endpoint_id: lane for lane in lanes if numbers[lane.endpoint_id]}
    noted = [
        (
            lane.agency_id,
            lane.endpoint_id,
            None if lane.tokens is None else max(lane.tokens - numbers[lane.endpoint_id], 0.0),
            lane.half_open,
        )
        for lane in of_endpoint.values()
        if lane.tokens is not None or lane.half_open
    ]
    if noted:
        await connection.execute(_LOCK, bulk_params.values("noted", _NOTED, noted))
        await connection.execute(_NOTE, bulk_params.values("noted", _NOTED, noted))


AT_ONCE = 500

_END = text(
    """
    UPDATE webhook_deliveries d
    SET status = CASE WHEN e.deleted_at IS NULL THEN 'skipped' ELSE 'cancelled' END,
      reason = CASE WHEN e.deleted_at IS NULL THEN 'endpoint_disabled' ELSE 'endpoint_deleted' END,
      due_at = NULL, lease_until = NULL, lease_token = NULL
    FROM webhook_endpoints e
    WHERE e.agency_id = :agency_id AND e.id = :endpoint_id AND (e.deleted_at IS NOT NULL OR e.status = 'disabled')
      AND d.agency_id = e.agency_id AND d.id IN (
      SELECT x.id FROM webhook_deliveries x
      WHERE x.agency_id = :agency_id AND x.endpoint_id = :endpoint_id AND x.status IN ('pending', 'retrying')
        AND (x.lease_until IS NULL OR x.lease_until <= now())
      ORDER BY x.id LIMIT :at_once FOR UPDATE SKIP LOCKED)
    """
)


async def end(connection: AsyncConnection, lanes: Sequence[QueueDepth]) -> bool:
    """Ends a few of each, those that are not due yet and those put aside as well; whether there were any."""
    for agency_id, endpoint_id in sorted({(lane.agency_id, lane.endpoint_id) for lane in lanes}):
        given = {"agency_id": agency_id, "endpoint_id": endpoint_id, "at_once": AT_ONCE}
        await connection.execute(_END, given, execution_options=CROSS_TENANT)
    return bool(lanes)
