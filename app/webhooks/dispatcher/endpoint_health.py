"""Health of endpoints after attempts, and its consequences: hold, circuit breaker, disabling."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import cast

from sqlalchemy import Boolean, Table, Uuid, func, or_, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.events.schema import EndpointStatusData
from app.kit.actor import system_actor
from app.kit.database import CROSS_TENANT, BulkColumns, bulk_table, bulk_values
from app.webhooks import metrics
from app.webhooks.deliveries import conditions
from app.webhooks.destinations.catalog import CATALOG
from app.webhooks.dispatcher.endpoint_cache import EndpointSnapshot
from app.webhooks.dispatcher.scheduler import health_state
from app.webhooks.endpoints import lifecycle
from app.webhooks.endpoints import service as endpoint_service
from app.webhooks.models import Attempt, EndpointHealth
from app.webhooks.policies import health_rules
from app.webhooks.policies.health_rules import EndpointHealthState, HealthInput, HealthUpdate

#: Maximum number of attempts of the last minute that are read.
_LOOKED_AT = 1000

Key = tuple[uuid.UUID, uuid.UUID]

_ASKED: BulkColumns = {"agency_id": Uuid(), "id": Uuid(), "failed": Boolean()}
_asked = bulk_table("asked", _ASKED)
_TROUBLED = (
    select(_asked.c.agency_id, _asked.c.id, EndpointHealth, func.now())
    .where(
        EndpointHealth.agency_id == _asked.c.agency_id,
        EndpointHealth.id == _asked.c.id,
        or_(_asked.c.failed, text(conditions.success_changes_health_sql("webhook_health"))),
    )
    .order_by(EndpointHealth.id)
    .with_for_update(of=EndpointHealth)
    .execution_options(populate_existing=True, **CROSS_TENANT)
)

_KEY: BulkColumns = {"agency_id": Uuid(), "id": Uuid()}
_key = bulk_table("key", _KEY)
_tried = Attempt.__table__.c
_lately = (
    select(_tried.code)
    .where(
        _tried.agency_id == _key.c.agency_id,
        _tried.endpoint_id == _key.c.id,
        _tried.created_at > func.now() - health_rules.WINDOW,
    )
    .order_by(_tried.id.desc())
    .limit(_LOOKED_AT)
    .lateral("lately")
)
_WINDOWS = (
    select(_key.c.id, _lately.c.code, func.count())
    .select_from(_key.join(_lately, true()))
    .group_by(_key.c.id, _lately.c.code)
    .execution_options(**CROSS_TENANT)
)

_table = cast(Table, EndpointHealth.__table__)
_NAMES = [each.name for each in fields(EndpointHealthState)]
_VERDICT: BulkColumns = {**_KEY, **{name: _table.c[name].type for name in _NAMES}}
_given = bulk_table("given", _VERDICT)
_WRITE = (
    update(_table)
    .where(_table.c.agency_id == _given.c.agency_id, _table.c.id == _given.c.id)
    .values({name: _given.c[name] for name in _NAMES})
    .execution_options(**CROSS_TENANT)
)


@dataclass(frozen=True, slots=True)
class _Troubled:
    """An endpoint that failed now or earlier, with its attempts."""

    row: EndpointHealth
    endpoint: EndpointSnapshot
    tried: Sequence[HealthInput]
    now: datetime

    @property
    def looks_back(self) -> bool:
        """True if the attempts of the last minute count: they may open its breaker."""
        return self.row.breaker == "closed" and any(
            not one.outcome.arrived and health_rules.speaks_of_the_endpoint(one.outcome.code) for one in self.tried
        )


async def record_health(
    session: AsyncSession, tried: Mapping[Key, tuple[EndpointSnapshot, Sequence[HealthInput]]]
) -> None:
    """Apply attempts to the health of their endpoints. The number of statements does not depend on their number.

    Healthy endpoints cost one read. The health rows of the others are locked, in the order of their ids.
    """
    if not tried:
        return
    asked = [(*key, not all(one.outcome.arrived for one in theirs)) for key, (_, theirs) in sorted(tried.items())]
    found = await session.execute(_TROUBLED, bulk_values("asked", _ASKED, asked))
    troubled = {(row[0], row[1]): _Troubled(row[2], *tried[row[0], row[1]], row[3]) for row in found}
    if not troubled:
        return
    windows = await _windows(session, [key for key, one in troubled.items() if one.looks_back])
    verdicts = {
        key: health_rules.health_after(
            health_state(one.row),
            one.tried,
            concurrency=one.endpoint.concurrency,
            now=one.now,
            window=windows.get(key[1], (0, 0)),
        )
        for key, one in troubled.items()
    }
    written = [(*key, *(getattr(verdict.health, name) for name in _NAMES)) for key, verdict in verdicts.items()]
    await session.execute(_WRITE, bulk_values("given", _VERDICT, written))
    for key, verdict in verdicts.items():
        await _act(session, troubled[key], verdict)


async def _windows(session: AsyncSession, keys: Sequence[Key]) -> dict[uuid.UUID, tuple[int, int]]:
    """Attempts of the last minute by endpoint, and the number of failures that concern the endpoint."""
    windows: dict[uuid.UUID, tuple[int, int]] = {}
    if keys:
        for endpoint_id, code, number in await session.execute(_WINDOWS, bulk_values("key", _KEY, keys)):
            all_of_them, failed = windows.get(endpoint_id, (0, 0))
            about_it = number if health_rules.speaks_of_the_endpoint(code) else 0
            windows[endpoint_id] = (all_of_them + number, failed + about_it)
    return windows


async def _act(session: AsyncSession, one: _Troubled, verdict: HealthUpdate) -> None:
    row = one.row
    if CATALOG[one.endpoint.destination].is_subscription and any(each.outcome.code == "gone" for each in one.tried):
        await endpoint_service.end_hook(session, row.agency_id, row.id)
    elif verdict.disable:
        metrics.DISABLED.labels(verdict.disable).inc()
        await lifecycle.give_up(session, row.agency_id, row.id, reason=verdict.disable)
    elif verdict.recovered:
        await record(
            session, catalog.ENDPOINT_RECOVERED, agency_id=row.agency_id, subject_id=row.id, actor=system_actor(),
            data=EndpointStatusData(endpoint_id=row.id, status="active"),
        )  # fmt: skip
