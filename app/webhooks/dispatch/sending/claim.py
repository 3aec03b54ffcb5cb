"""Claiming deliveries: fair shares of what is due, each under a lease that nobody else gets meanwhile."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, DateTime, Integer, String, Uuid, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.database import ACROSS_AGENCIES, Sessions
from app.webhooks.dispatch.deciding.fairness import Share, Taken, allot
from app.webhooks.dispatch.sending import ordering, unsendable
from app.webhooks.dispatch.sending.lanes import Waiting, waiting
from app.webhooks.endpoints.model import EndpointHealth

#: One worker chooses at a time, so that an endpoint's limits hold for all of them together.
_CHOOSING = 0x6B65795078
#: A claim that a crash of the server undoes is made again; nobody waits until it is on disk.
_BEGIN = select(func.set_config("synchronous_commit", "off", True), func.pg_advisory_xact_lock(_CHOOSING))

#: A lease outlasts the endpoint's deadline by ten seconds, in which what came of it is written down. A destination
#: that makes several requests has as many deadlines.
_CLAIM = text(
    """
    UPDATE webhook_deliveries d
    SET lease_until = now() + make_interval(secs => chosen.seconds), lease_token = :token, tries = d.tries + 1
    FROM (
      SELECT due.agency_id, due.id, 10 + e.timeout_ms / 1000.0 * CASE e.destination WHEN 'hubspot' THEN 8 ELSE 1 END
        AS seconds, due.lapsed
      FROM unnest(:agencies, :endpoints, :shares, :numbers) AS lane(agency_id, endpoint_id, share, number)
      JOIN webhook_endpoints e ON e.agency_id = lane.agency_id AND e.id = lane.endpoint_id
      CROSS JOIN LATERAL (
        SELECT x.agency_id, x.id, x.lease_token IS NOT NULL AS lapsed FROM webhook_deliveries x
        WHERE x.agency_id = lane.agency_id AND x.endpoint_id = lane.endpoint_id AND x.share = lane.share
          AND x.due_at <= now() AND (x.lease_until IS NULL OR x.lease_until <= now())
          AND (NOT x.ordered OR NOT EXISTS (
            SELECT FROM webhook_deliveries other
            WHERE other.agency_id = x.agency_id AND other.endpoint_id = x.endpoint_id AND other.ordered
              AND other.state IN ('pending', 'retrying') AND other.subject_id = x.subject_id AND other.id <> x.id
              AND (other.sequence < x.sequence OR other.lease_until > now())
            UNION ALL
            SELECT FROM event_fanouts mark
            WHERE mark.agency_id = x.agency_id AND mark.subject_id = x.subject_id AND mark.sequence < x.sequence))
        ORDER BY x.due_at LIMIT lane.number FOR UPDATE SKIP LOCKED
      ) due
    ) chosen
    WHERE d.agency_id = chosen.agency_id AND d.id = chosen.id
    RETURNING d.agency_id, d.id, d.endpoint_id, d.event_id, d.event_type, d.subject_id, d.series, d.share, d.ordered,
      d.replay_id IS NOT NULL AS replay, d.body_id, d.body_created_at, d.attempt_count, d.series_attempts, d.tries,
      d.first_attempt_at IS NULL AS is_first, d.due_at, d.expires_at, d.expires_at < now() AS expired, chosen.lapsed
    """
).bindparams(
    bindparam("agencies", type_=ARRAY(Uuid())), bindparam("endpoints", type_=ARRAY(Uuid())),
    bindparam("shares", type_=ARRAY(String())), bindparam("numbers", type_=ARRAY(Integer())),
    bindparam("token", type_=Uuid()),
).columns(
    agency_id=Uuid(), id=Uuid(), endpoint_id=Uuid(), event_id=Uuid(), body_id=Uuid(),
    body_created_at=DateTime(timezone=True), due_at=DateTime(timezone=True), expires_at=DateTime(timezone=True),
)  # fmt: skip


#: What holds a delivery: its id, and the token it was claimed with.
Lease = tuple[uuid.UUID, uuid.UUID]


class Claimed(NamedTuple):
    """A delivery that is ours while its lease runs; ids without their prefixes."""

    token: uuid.UUID
    agency_id: uuid.UUID
    id: uuid.UUID
    endpoint_id: uuid.UUID
    event_id: uuid.UUID
    event_type: str
    subject_id: str
    series: str
    share: Share
    ordered: bool
    replay: bool
    body_id: uuid.UUID
    body_created_at: datetime
    attempt_count: int
    series_attempts: int
    tries: int
    is_first: bool
    due_at: datetime
    expires_at: datetime
    expired: bool
    lapsed: bool

    @property
    def lease(self) -> Lease:
        """What it is held by."""
        return self.id, self.token


@dataclass(frozen=True)
class Haul:
    """What one claim brought; `more`: something was due that could have been taken, had there been slots."""

    rows: Sequence[Claimed]
    more: bool
    #: of the endpoints by (agency, endpoint); see `Shelf.get`
    stamps: Mapping[tuple[uuid.UUID, uuid.UUID], str] = field(default_factory=dict)


async def claim(sessions: Sessions, taken: Taken) -> Haul:
    """Takes what is due in fair shares, in one transaction, which is over before anything is sent."""
    async with sessions.begin() as session:
        await session.execute(_BEGIN)
        lanes = await waiting(session)
        if not lanes:
            return Haul((), more=False)
        open_ones = [lane for lane in lanes if lane.room > 0]
        if any(lane.ordered for lane in open_ones):
            await ordering.put_aside(
                session, [(each.agency_id, each.endpoint_id) for each in open_ones if each.ordered]
            )
        ended = await unsendable.end(session, [lane for lane in lanes if not lane.sendable])
        given = allot([lane.lane for lane in open_ones], taken)
        if not given:
            return Haul((), more=ended)
        rows = await _take(session, open_ones, given)
        await _note(session, open_ones, rows)
        served = {(row.agency_id, row.endpoint_id) for row in rows}
        stamps = {key: lane.stamp for lane in open_ones if (key := (lane.agency_id, lane.endpoint_id)) in served}
        return Haul(rows, more=ended or 0 < len(rows) < sum(lane.ready for lane in open_ones), stamps=stamps)


async def _take(
    session: AsyncSession, lanes: Sequence[Waiting], given: Mapping[tuple[uuid.UUID, Share], int]
) -> Sequence[Claimed]:
    token = ids.raw()
    chosen = [lane for lane in lanes if (lane.endpoint_id, lane.share) in given]
    rows = await session.execute(
        _CLAIM,
        {
            "token": token,
            "agencies": [lane.agency_id for lane in chosen],
            "endpoints": [lane.endpoint_id for lane in chosen],
            "shares": [lane.share for lane in chosen],
            "numbers": [given[lane.endpoint_id, lane.share] for lane in chosen],
        },
        execution_options=ACROSS_AGENCIES,
    )
    return [Claimed(token, *row) for row in rows.all()]


async def _note(session: AsyncSession, lanes: Sequence[Waiting], rows: Sequence[Claimed]) -> None:
    """Takes what was claimed out of the buckets of rate limits, and opens breakers by half for their probe."""
    numbers: dict[uuid.UUID, int] = {}
    for row in rows:
        numbers[row.endpoint_id] = numbers.get(row.endpoint_id, 0) + 1
    told: set[uuid.UUID] = set()
    for lane in sorted(lanes, key=lambda each: each.endpoint_id):  # in the order in which everybody locks them
        taken = numbers.get(lane.endpoint_id, 0)
        if not taken or lane.endpoint_id in told:
            continue
        told.add(lane.endpoint_id)
        values: dict[str, Any] = {}
        if lane.tokens is not None:
            values |= {"tokens": max(lane.tokens - taken, 0.0), "tokens_at": func.now()}
        if lane.half_open:
            values |= {"breaker": "half_open", "probes": 1}
        if values:
            await _set_health(session, lane, values)


async def _set_health(session: AsyncSession, lane: Waiting, values: dict[str, Any]) -> None:
    agency_id, endpoint_id = ids.text("agency", lane.agency_id), ids.text("endpoint", lane.endpoint_id)
    await session.execute(
        update(EndpointHealth)
        .where(EndpointHealth.agency_id == agency_id, EndpointHealth.id == endpoint_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
