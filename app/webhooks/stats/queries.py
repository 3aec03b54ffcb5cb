"""Counting what an endpoint's deliveries and attempts came to, at a cost that has an end."""

import typing
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Float, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.webhooks.deliveries import visible_status
from app.webhooks.deliveries.visible_status import Hold
from app.webhooks.endpoints.models import Endpoint, EndpointHealth
from app.webhooks.models import Attempt, Delivery
from app.webhooks.policies.response_classifier import shown

#: As many of the newest are counted.
AT_MOST = 100_000
#: An id is made by the worker's clock, the row's time by the database's.
_CLOCKS_APART = 3600


@dataclass(frozen=True)
class AttemptCounts:
    """Attempts of a span of time. Milliseconds are None when there was none; `complete`: all were counted."""

    attempts: int
    arrived: int
    by_code: dict[str, int]
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    complete: bool


@dataclass(frozen=True)
class WaitingCounts:
    """What an endpoint has still to get, and what holds it back."""

    backlog: int
    oldest_seconds: int | None
    breaker: Literal["closed", "open", "half_open"]
    open_until: datetime | None
    hold: Hold | None
    hold_until: datetime | None


async def sent(session: AsyncSession, agency_id: str, endpoint_id: str, *, since: datetime) -> AttemptCounts:
    """Attempts from `since` on, the newest first if there are too many."""
    some = (
        select(Attempt.code, Attempt.arrived, Attempt.total_ms)
        .where(
            Attempt.agency_id == agency_id,
            Attempt.endpoint_id == endpoint_id,
            Attempt.created_at >= since,
            Attempt.id >= ids.first("attempt", since, slack=-_CLOCKS_APART),
        )
        .order_by(Attempt.id.desc())
        .limit(AT_MOST)
        .subquery()
    )
    of_code = await session.execute(select(some.c.code, func.count()).group_by(some.c.code))
    by_code = Counter[str]()
    for code, count in of_code:
        by_code[shown(code)] += count
    arrived = func.count().filter(some.c.arrived)
    times = [func.percentile_disc(share).within_group(some.c.total_ms) for share in (0.5, 0.95, 0.99)]
    attempts, good, p50, p95, p99 = (await session.execute(select(func.count(some.c.code), arrived, *times))).one()
    return AttemptCounts(attempts, good, dict(by_code.most_common()), p50, p95, p99, complete=attempts < AT_MOST)


async def by_status(session: AsyncSession, agency_id: str, endpoint_id: str, *, since: datetime) -> dict[str, int]:
    """Deliveries made from `since` on, by the status they are shown in; the newest if there are too many."""
    some = (
        visible_status.shown(agency_id)
        .where(
            Delivery.endpoint_id == endpoint_id,
            Delivery.created_at >= since,
            Delivery.id >= ids.first("delivery", since, slack=-_CLOCKS_APART),
        )
        .with_only_columns(visible_status.status().label("status"))
        .order_by(Delivery.id.desc())
        .limit(AT_MOST)
        .subquery()
    )
    counted = await session.execute(select(some.c.status, func.count()).group_by(some.c.status).order_by(some.c.status))
    return {row.status: int(row[1]) for row in counted}


async def waiting(session: AsyncSession, agency_id: str, endpoint: Endpoint) -> WaitingCounts:
    """As it is now."""
    health = (
        select(
            EndpointHealth.breaker,
            EndpointHealth.open_until,
            EndpointHealth.hold_until,
            visible_status.hold_of_endpoint(),
        )
        .join(Endpoint, (Endpoint.agency_id == EndpointHealth.agency_id) & (Endpoint.id == EndpointHealth.id))
        .where(EndpointHealth.agency_id == agency_id, EndpointHealth.id == endpoint.id)
    )
    breaker, open_until, hold_until, hold = (await session.execute(health)).one()
    not_over = Delivery.agency_id == agency_id, Delivery.endpoint_id == endpoint.id, visible_status.reachable()
    some = select(Delivery.created_at).where(*not_over).limit(AT_MOST).subquery()
    backlog, age = (await session.execute(select(func.count(), _age(func.min(some.c.created_at))))).one()
    return WaitingCounts(
        backlog, None if age is None else int(age), breaker, open_until, typing.cast(Hold | None, hold), hold_until
    )


def _age(made: ColumnElement[datetime]) -> ColumnElement[float | None]:
    return cast(extract("epoch", func.now() - made), Float)
