"""Endpoints made ready to be sent to: opened once, and again when their row changes."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Uuid, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import bulk_params, ids
from app.kit.database import CROSS_TENANT, Sessions, alone
from app.kit.encryption import DecryptionFailed, Keyring
from app.webhooks.deliveries import conditions
from app.webhooks.deliveries.claimed import Stamps
from app.webhooks.deliveries.transitions import LEASE_SECONDS
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.message import STANDARD
from app.webhooks.models import Endpoint, EndpointSecret

lines = structlog.get_logger(__name__)

#: As many are kept; a larger installation opens some of them again.
AT_MOST = 5000

Key = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True, slots=True)
class EndpointSnapshot:
    """What sending needs of an endpoint. `keys` with the moment at which each ends, the current one first."""

    agency_id: str
    id: str
    url: str
    destination: str
    seconds: float
    retry_policy: str | Sequence[int]
    concurrency: int
    headers: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    keys: Sequence[tuple[bytes, datetime | None]] = field(repr=False)

    def signing(self, now: datetime) -> tuple[bytes, ...]:
        """The keys that sign now."""
        return tuple(key for key, until in self.keys if until is None or until > now)


class EndpointCache:
    """The prepared endpoints of one process, each under the stamp of the row it was made of."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._kept: dict[Key, tuple[str, EndpointSnapshot]] = {}

    async def get(self, sessions: Sessions, stamps: Mapping[Key, str]) -> dict[uuid.UUID, EndpointSnapshot]:
        """These endpoints by id, read again where their stamp has changed; deleted ones too, but none that
        cannot be opened.

        The stamp is the transaction that wrote the row last. Whoever changes a secret changes the endpoint too.
        """
        if len(self._kept) > AT_MOST:
            self._kept.clear()
        stale = [key for key in stamps if key not in self._kept or self._kept[key][0] != stamps[key]]
        if stale:
            for key in stale:
                self._kept.pop(key, None)
            async with sessions() as session:
                read = await _read(session, stale, self._keyring)
            self._kept |= {key: (stamps[key], made) for key, made in read.items()}
        return {key[1]: self._kept[key][1] for key in stamps if key in self._kept}


async def _read(session: AsyncSession, keys: Sequence[Key], keyring: Keyring) -> dict[Key, EndpointSnapshot]:
    columns: bulk_params.Columns = {"agency_id": Uuid(), "id": Uuid()}
    asked = bulk_params.table("asked", columns)
    query = select(asked.c.agency_id, asked.c.id, Endpoint).where(
        Endpoint.agency_id == asked.c.agency_id, Endpoint.id == asked.c.id
    )
    given = bulk_params.values("asked", columns, sorted(keys))
    found = (await session.execute(query.execution_options(populate_existing=True, **CROSS_TENANT), given)).all()
    secrets = await _secrets(session, [row[1] for row in found])
    made: dict[Key, EndpointSnapshot] = {}
    for agency_id, endpoint_id, row in found:
        try:
            made[agency_id, endpoint_id] = _prepared(row, secrets.get(endpoint_id, ()), keyring)
        except DecryptionFailed as why:  # a key was taken out of the ring: everybody else is sent to all the same
            lines.error(
                "webhooks.endpoint_encrypted",
                agency=row.agency_id,
                endpoint=row.id,
                key_id=why.key_id,
                problem=str(why),
            )
    return made


async def _secrets(session: AsyncSession, ids_: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[EndpointSecret]]:
    endpoint = type_coerce(EndpointSecret.endpoint_id, Uuid())
    live = EndpointSecret.expires_at.is_(None) | (EndpointSecret.expires_at > func.now())
    query = select(endpoint, EndpointSecret).where(endpoint.in_(ids_), live).order_by(EndpointSecret.id.desc())
    found: dict[uuid.UUID, list[EndpointSecret]] = {}
    for endpoint_id, secret in await session.execute(query, execution_options=CROSS_TENANT):
        found.setdefault(endpoint_id, []).append(secret)
    return found


def _prepared(row: Endpoint, secrets: Sequence[EndpointSecret], keyring: Keyring) -> EndpointSnapshot:
    options = row.options_encrypted and keyring.decrypt(
        row.options_encrypted, bound_to=endpoints.options_place(row.agency_id, row.id)
    )
    return EndpointSnapshot(
        agency_id=row.agency_id,
        id=row.id,
        url=row.url,
        destination=row.destination,
        seconds=row.timeout_ms / 1000,
        retry_policy=row.retry_policy,
        concurrency=row.concurrency,
        headers=endpoints.open_headers(keyring, row),
        options=json.loads(options) if options else {},
        keys=[(endpoints.signing_key(keyring, secret), secret.expires_at) for secret in secrets],
    )


#: The payload mode that destinations are given; they make of it what their receiver understands.
FOR_DESTINATIONS = "full"

#: Of the agency of `taken`, as an array of `Found`. `free` (only with `looking`): nothing is due to it that nobody
#: holds, and it has no limits of its own, no order and no bad health.
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


def subscription_of(row: Any) -> Subscription:
    """From the endpoint's row."""
    return Subscription(
        row.agency_id, row.id, ids.parse("endpoint", row.id), row.event_types, row.filter,
        row.payload_mode if row.destination in STANDARD else FOR_DESTINATIONS, row.personal, row.retry_policy,
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
            one = subscription_of(row)
            self._kept[one.key] = stamps[ids.parse("agency", one.agency_id), one.key], one
