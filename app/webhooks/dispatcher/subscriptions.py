"""The endpoints of some agencies as fanning out sees them: what each wants, and what it may be sent at once."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Uuid, select

from app.kit import bulk_params, ids
from app.kit.database import CROSS_TENANT, Sessions, alone
from app.webhooks.dispatcher.claimed import Stamps
from app.webhooks.dispatcher.scheduler import LEASE_SECONDS
from app.webhooks.endpoints.models import Endpoint

#: The payload mode that destinations are given; they make of it what their receiver understands.
FOR_DESTINATIONS = "full"
#: As many are kept; a larger installation reads some of them again.
AT_MOST = 5000

#: Of the agency of `taken`, as an array of `Found`. `free` (only with `looking`): nothing is due to it that nobody
#: holds, and it has no limits of its own, no order and no bad health.
ENDPOINTS = f"""
    ARRAY(
      SELECT ROW(e.id, e.xmin::text, e.concurrency, head.in_flight, ({LEASE_SECONDS})::float,
        {{looking}} AND e.status = 'active' AND e.paused_at IS NULL AND e.ordering <> 'by_subject'
          AND NULLIF(e.rate_limit, 'null') IS NULL AND h.breaker = 'closed' AND h.lowered_to IS NULL
          AND h.hold_until IS NULL AND head.waits IS NOT TRUE)
      FROM webhook_endpoints e
      JOIN webhook_health h ON h.agency_id = e.agency_id AND h.id = e.id
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE first.id NOT IN (SELECT unnest(:arrived))) AS in_flight,
          bool_or(first.lease_until IS NULL OR first.lease_until <= now()) AS waits
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

_ASKED: bulk_params.Columns = {"agency_id": Uuid(), "id": Uuid()}
_asked = bulk_params.table("asked", _ASKED)
_table = Endpoint.__table__
_NEEDED = (
    select(
        *(
            _table.c[name]
            for name in (
                "agency_id",
                "id",
                "event_types",
                "filter",
                "payload_mode",
                "personal",
                "retry_policy",
                "status",
                "ordering",
                "destination",
            )
        )
    )
    .where(_table.c.agency_id == _asked.c.agency_id, _table.c.id == _asked.c.id)
    .execution_options(**CROSS_TENANT)
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What fanning out needs of an endpoint. `key` is its id without the prefix."""

    agency_id: str
    id: str
    key: uuid.UUID
    event_types: Sequence[str]
    filter: dict[str, Any] | None
    mode: str
    personal: bool
    retry_policy: str | Sequence[int]
    active: bool
    ordered: bool


class EndpointRow(NamedTuple):
    """One of `ENDPOINTS`. `in_flight` leaves out what arrived: it takes no room of an endpoint that is well."""

    id: uuid.UUID
    stamp: str
    concurrency: int
    in_flight: int
    lease: float
    free: bool


class EndpointCapacity(NamedTuple):
    """What an endpoint to which nothing waits to be sent has under way; `stamp` as in `Shelf.get`."""

    agency: uuid.UUID
    stamp: str
    concurrency: int
    in_flight: int
    lease: float


def receiver(row: Any) -> Subscription:
    """From the endpoint's row."""
    return Subscription(
        row.agency_id, row.id, ids.parse("endpoint", row.id), row.event_types, row.filter,
        row.payload_mode if row.destination == "webhook" else FOR_DESTINATIONS, row.personal, row.retry_policy,
        row.status == "active", row.ordering == "by_subject",
    )  # fmt: skip


class SubscriptionCache:
    """The receivers a process knows, each under the stamp of the row it was made of."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._kept: dict[uuid.UUID, tuple[str, Subscription]] = {}

    async def of(
        self, found: Mapping[uuid.UUID, Sequence[EndpointRow]]
    ) -> tuple[Mapping[str, Sequence[Subscription]], Mapping[uuid.UUID, EndpointCapacity]]:
        """By agency, those that are not deleted, disabled ones too; and the seats of those that are free."""
        if len(self._kept) > AT_MOST:
            self._kept.clear()
        stale = {
            (agency, row.id): row.stamp
            for agency, rows_of_it in found.items()
            for row in rows_of_it
            if row.id not in self._kept or self._kept[row.id][0] != row.stamp
        }
        if stale:
            await self._read(stale)
        by_agency: dict[str, list[Subscription]] = {}
        seats: dict[uuid.UUID, EndpointCapacity] = {}
        for agency, rows_of_it in found.items():
            for row in rows_of_it:
                if row.id in self._kept:
                    one = self._kept[row.id][1]
                    by_agency.setdefault(one.agency_id, []).append(one)
                if row.free:
                    seats[row.id] = EndpointCapacity(agency, row.stamp, row.concurrency, row.in_flight, row.lease)
        return by_agency, seats

    async def _read(self, stamps: Stamps) -> None:
        """A row that has changed since its stamp was read is harmless: next time they differ."""
        async with alone(self._sessions) as session:
            found = await session.execute(_NEEDED, bulk_params.values("asked", _ASKED, sorted(stamps)))
        for row in found:
            one = receiver(row)
            self._kept[one.key] = stamps[ids.parse("agency", one.agency_id), one.key], one
