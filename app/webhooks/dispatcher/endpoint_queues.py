"""Who has deliveries that are due, and how many of them may leave now."""

import uuid
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, String, Uuid, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kit import bulk_params
from app.kit.database import CROSS_TENANT
from app.kit.poller import LISTENING_SECONDS
from app.webhooks.endpoints.models import EndpointHealth
from app.webhooks.policies import circuit_breaker
from app.webhooks.policies.circuit_breaker import EndpointHealthState
from app.webhooks.policies.fair_share import EndpointQueue, Share, SlotUsage
from app.webhooks.policies.token_bucket import tokens

#: Walks the index of due deliveries from one (agency, endpoint, share) to the next, and looks at the head of each:
#: what is in flight stands there, because whoever is claimed keeps its place. The cost is that of the endpoints that
#: have something to send, not of what they have.
_WALK = """
    WITH RECURSIVE lanes AS (
      (SELECT agency_id, endpoint_id, share FROM webhook_deliveries WHERE due_at IS NOT NULL
       ORDER BY agency_id, endpoint_id, share LIMIT 1)
      UNION ALL
      SELECT following.* FROM lanes, LATERAL (
        SELECT d.agency_id, d.endpoint_id, d.share FROM webhook_deliveries d
        WHERE d.due_at IS NOT NULL
          AND (d.agency_id, d.endpoint_id, d.share) > (lanes.agency_id, lanes.endpoint_id, lanes.share)
        ORDER BY d.agency_id, d.endpoint_id, d.share LIMIT 1
      ) following
    )
    """
_LANES = (
    text(
        f"""
    {_WALK}
    SELECT lanes.agency_id, lanes.endpoint_id, lanes.share, head.in_flight, head.arrived, head.ready, head.oldest,
      e.status <> 'disabled' AND e.deleted_at IS NULL AS sendable,
      e.paused_at IS NOT NULL OR e.status = 'pending_verification' AS paused,
      e.concurrency, e.ordering = 'by_subject' AS ordered, NULLIF(e.rate_limit, 'null') AS rate_limit,
      e.xmin::text AS stamp, h.breaker <> 'closed' OR h.lowered_to IS NOT NULL OR h.hold_until IS NOT NULL AS unwell
    FROM lanes
    JOIN webhook_endpoints e ON e.agency_id = lanes.agency_id AND e.id = lanes.endpoint_id
    JOIN webhook_health h ON h.agency_id = lanes.agency_id AND h.id = lanes.endpoint_id
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE first.lease_until > now()) AS in_flight,
        count(*) FILTER (WHERE first.lease_until > now() AND first.id IN (SELECT unnest(:arrived))) AS arrived,
        count(*) FILTER (WHERE first.lease_until IS NULL OR first.lease_until <= now()) AS ready,
        min(first.due_at) FILTER (WHERE first.lease_until IS NULL OR first.lease_until <= now()) AS oldest
      FROM (
        SELECT d.id, d.due_at, d.lease_until FROM webhook_deliveries d
        WHERE d.agency_id = lanes.agency_id AND d.endpoint_id = lanes.endpoint_id AND d.share = lanes.share
          AND d.due_at <= now()
        ORDER BY d.due_at LIMIT e.concurrency * 3
      ) first
    ) head
    WHERE head.ready > 0 OR head.in_flight > 0
    """  # noqa: S608 - ours
    )
    .bindparams(bindparam("arrived", type_=ARRAY(Uuid())))
    .columns(agency_id=Uuid(), endpoint_id=Uuid(), share=String())
)
#: For the look-out (see `Kind.seconds`): what a hold or an open breaker keeps comes later, what is paused never.
SECONDS = f"""
    {_WALK}
    SELECT extract(epoch FROM min(greatest(
      head.due_at, h.hold_until, CASE WHEN h.breaker = 'open' THEN h.open_until END)) - now()) AS seconds
    FROM lanes
    JOIN webhook_endpoints e ON e.agency_id = lanes.agency_id AND e.id = lanes.endpoint_id
    JOIN webhook_health h ON h.agency_id = lanes.agency_id AND h.id = lanes.endpoint_id
    CROSS JOIN LATERAL (
      SELECT d.due_at FROM webhook_deliveries d
      WHERE d.agency_id = lanes.agency_id AND d.endpoint_id = lanes.endpoint_id AND d.share = lanes.share
        AND d.due_at <= now() + make_interval(secs => {LISTENING_SECONDS})
        AND (d.lease_until IS NULL OR d.lease_until <= now())
      ORDER BY d.due_at LIMIT 1
    ) head
    WHERE (e.paused_at IS NULL AND e.status <> 'pending_verification') OR e.deleted_at IS NOT NULL
    """  # noqa: S608 - ours

_WELL = EndpointHealthState()
_KEY: bulk_params.Columns = {"agency_id": Uuid(), "id": Uuid()}
_asked = bulk_params.table("asked", _KEY)
_health = EndpointHealth.__table__
_HEALTHS = select(_asked.c.id.label("key"), func.now().label("moment"), _health).where(
    _health.c.agency_id == _asked.c.agency_id, _health.c.id == _asked.c.id
)


class QueueDepth(NamedTuple):
    """One lane as it was read. `tokens` are those of its rate limit, None without one."""

    agency_id: uuid.UUID
    endpoint_id: uuid.UUID
    share: Share
    ready: int
    oldest: datetime
    in_flight: int
    sendable: bool
    ordered: bool
    room: int
    tokens: float | None
    #: by hand, or until a moment that is known
    held: bool
    half_open: bool
    #: changes whenever the endpoint's row does
    stamp: str

    @property
    def lane(self) -> EndpointQueue:
        """As fairness looks at it."""
        return EndpointQueue(
            self.agency_id, self.endpoint_id, self.share, self.ready, self.oldest, self.room,
            self.in_flight,
        )  # fmt: skip


async def waiting(connection: AsyncConnection, taken: SlotUsage) -> list[QueueDepth]:
    """Every lane with something due or in flight; also those of endpoints that are not sent to any more.

    What arrived takes no room of an endpoint that is well, though it has a lease until it is written down.
    """
    given = {"arrived": taken.arrived}
    found = (await connection.execute(_LANES, given, execution_options=CROSS_TENANT)).all()
    troubled = {(row.agency_id, row.endpoint_id) for row in found if row.unwell or row.rate_limit}
    known, now = await _healths(connection, troubled)
    in_flight: dict[uuid.UUID, int] = {}
    for row in found:
        over = 0 if row.unwell else row.arrived
        in_flight[row.endpoint_id] = in_flight.get(row.endpoint_id, 0) + row.in_flight - over
    for endpoint_id, number in in_flight.items():  # of very many, not all that are in flight were looked at
        in_flight[endpoint_id] = max(number, taken.in_air.get(endpoint_id, 0))
    return [_seen(row, known.get(row.endpoint_id), in_flight[row.endpoint_id], now) for row in found if row.ready]


def _seen(row: Any, known: Any, in_flight: int, now: datetime) -> QueueDepth:
    left = tokens(row.rate_limit, known.tokens, known.tokens_at, now) if known and row.rate_limit else None
    how = read(known) if known else _WELL
    room, hold = circuit_breaker.room(
        how, concurrency=row.concurrency, in_flight=in_flight, tokens=left, paused=row.paused, now=now
    )  # fmt: skip
    return QueueDepth(
        row.agency_id, row.endpoint_id, row.share, row.ready, row.oldest, in_flight, row.sendable, row.ordered,
        room if row.sendable else 0, left,
        held=hold in ("paused", "retry_after") or (hold == "circuit" and how.breaker == "open"),
        half_open=how.breaker == "open" and room > 0, stamp=row.stamp,
    )  # fmt: skip


def read(row: Any) -> EndpointHealthState:
    """A row of health as a value."""
    return EndpointHealthState(**{name: getattr(row, name) for name in EndpointHealthState.__dataclass_fields__})


async def _healths(
    connection: AsyncConnection, keys: set[tuple[uuid.UUID, uuid.UUID]]
) -> tuple[dict[uuid.UUID, Any], datetime]:
    """The rows of endpoints that are not simply well, by endpoint, and the database's time."""
    if not keys:
        return {}, datetime.min.replace(tzinfo=UTC)
    given = bulk_params.values("asked", _KEY, sorted(keys))
    found = (await connection.execute(_HEALTHS, given, execution_options=CROSS_TENANT)).all()
    return {row.key: row for row in found}, found[0].moment
