"""Statistics of an endpoint: queries and response shape."""

import typing
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Float, ScalarSelect, case, cast, extract, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock, ids
from app.kit.errors import NotFound
from app.webhooks.deliveries import conditions
from app.webhooks.deliveries.conditions import Hold
from app.webhooks.endpoints import queries as endpoints
from app.webhooks.models import Attempt, Delivery, Endpoint, EndpointHealth
from app.webhooks.policies.response_classifier import public_code

Window = Literal["1h", "24h", "7d"]
_LASTS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


class StatsView(BaseModel):
    """Attempts and deliveries of an endpoint in a time window, and its backlog; counts the newest 100,000."""

    endpoint_id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    window: Window = Field(examples=["24h"])
    since: str = Field(examples=["2026-12-03T13:32:10.123Z"])
    deliveries: dict[str, int] = Field(
        description="Deliveries created in the window, by status.", examples=[{"succeeded": 412, "retrying": 3}]
    )
    attempts: int = Field(description="Attempts in the window.", examples=[431])
    codes: dict[str, int] = Field(description="Attempts by code.", examples=[{"http_200": 412, "http_500": 19}])
    success_ratio: float | None = Field(
        description="Share of successful attempts; null without attempts.", examples=[0.956]
    )
    p50_ms: int | None = Field(description="Median duration of the attempts.", examples=[92])
    p95_ms: int | None = Field(examples=[310])
    p99_ms: int | None = Field(examples=[870])
    complete: bool = Field(description="True if all attempts of the window were counted.", examples=[True])
    backlog: int = Field(description="Open deliveries.", examples=[3])
    oldest_pending_seconds: int | None = Field(description="Age of the oldest open delivery.", examples=[42])
    breaker: Literal["closed", "open", "half_open"] = Field(examples=["closed"])
    open_until: str | None = Field(examples=["2026-12-04T13:32:40.123Z"])
    hold: Hold | None = Field(description="Reason that holds all deliveries; null for none.", examples=["retry_after"])
    hold_until: str | None = Field(
        description="End of the hold that the receiver asked for (`Retry-After`).",
        examples=["2026-12-04T13:35:00.000Z"],
    )


async def stats_view(session: AsyncSession, agency_id: str, endpoint_id: str, window: Window) -> StatsView:
    """The statistics of an endpoint. Raises NotFound."""
    endpoint = await endpoints.find(session, agency_id, endpoint_id)
    since = clock.now() - _LASTS[window]
    sent = await attempt_counts(session, agency_id, endpoint.id, since=since)
    waiting = await waiting_counts(session, agency_id, endpoint)
    return StatsView(
        endpoint_id=endpoint.id,
        window=window,
        since=clock.iso(since) or "",
        deliveries=await delivery_counts(session, agency_id, endpoint.id, since=since),
        attempts=sent.attempts,
        codes=sent.by_code,
        success_ratio=round(sent.arrived / sent.attempts, 4) if sent.attempts else None,
        p50_ms=sent.p50_ms,
        p95_ms=sent.p95_ms,
        p99_ms=sent.p99_ms,
        complete=sent.complete,
        backlog=waiting.backlog,
        oldest_pending_seconds=waiting.oldest_seconds,
        breaker=waiting.breaker,
        open_until=clock.iso(waiting.open_until),
        hold=waiting.hold,
        hold_until=clock.iso(waiting.hold_until),
    )


#: Maximum number of rows that are counted; in a list, for each endpoint.
AT_MOST = 100_000
LISTED_AT_MOST = 10_000


@dataclass(frozen=True)
class AttemptCounts:
    """Attempts of a time window. Milliseconds are None without attempts; `complete`: all were counted."""

    attempts: int
    arrived: int
    by_code: dict[str, int]
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    complete: bool


@dataclass(frozen=True)
class WaitingCounts:
    """Backlog and hold of an endpoint."""

    backlog: int
    oldest_seconds: int | None
    breaker: Literal["closed", "open", "half_open"]
    open_until: datetime | None
    hold: Hold | None
    hold_until: datetime | None


@dataclass(frozen=True)
class EndpointSummary:
    """An endpoint in a list: its health and hold, and counts since a time, each at most LISTED_AT_MOST."""

    endpoint: Endpoint
    health: EndpointHealth
    hold: Hold | None
    attempts: int
    arrived: int
    last_attempt_at: datetime | None
    open: int
    failed: int


async def summaries(
    session: AsyncSession, agency_id: str, *, since: datetime, endpoint_id: str | None = None
) -> list[EndpointSummary]:
    """The endpoints of an agency, newest first, in one statement."""
    of_this = Attempt.agency_id == agency_id, Attempt.endpoint_id == Endpoint.id
    recent = Attempt.created_at >= since, Attempt.id >= ids.since("attempt", since)
    newest = select(Attempt.arrived).where(*of_this, *recent).order_by(Attempt.id.desc())
    sent = newest.limit(LISTED_AT_MOST).correlate(Endpoint).lateral()
    counted = select(func.count().label("whole"), func.count().filter(sent.c.arrived).label("arrived"))
    attempts = counted.select_from(sent).lateral()
    last = select(Attempt.created_at).where(*of_this).order_by(Attempt.id.desc()).limit(1).scalar_subquery()
    of_endpoint = Delivery.agency_id == agency_id, Delivery.endpoint_id == Endpoint.id
    failed = Delivery.status == "exhausted", Delivery.id >= ids.since("delivery", since)
    query = (
        select(
            Endpoint, EndpointHealth, conditions.endpoint_hold(), attempts.c.whole, attempts.c.arrived, last,
            _counted(*of_endpoint, conditions.is_open_indexed()), _counted(*of_endpoint, *failed),
        )
        .join(EndpointHealth, (EndpointHealth.agency_id == Endpoint.agency_id) & (EndpointHealth.id == Endpoint.id))
        .join(attempts, true())
        .where(Endpoint.agency_id == agency_id, Endpoint.deleted_at.is_(None))
        .order_by(Endpoint.id.desc())
    )  # fmt: skip
    if endpoint_id is not None:
        query = query.where(Endpoint.id == endpoint_id)
    rows = await session.execute(query.execution_options(populate_existing=True))
    return [EndpointSummary(*row) for row in rows]


async def summary(session: AsyncSession, agency_id: str, endpoint_id: str, *, since: datetime) -> EndpointSummary:
    """One endpoint as lists show it. Raises NotFound."""
    found = await summaries(session, agency_id, since=since, endpoint_id=endpoint_id)
    if not found:
        raise NotFound
    return found[0]


def _counted(*where: ColumnElement[bool]) -> ScalarSelect[int]:
    some = select(Delivery.id).where(*where).limit(LISTED_AT_MOST).correlate(Endpoint).lateral()
    return select(func.count()).select_from(some).scalar_subquery()


async def attempt_counts(session: AsyncSession, agency_id: str, endpoint_id: str, *, since: datetime) -> AttemptCounts:
    """Attempts since a time; the newest if there are too many."""
    some = (
        select(Attempt.code, Attempt.arrived, Attempt.total_ms)
        .where(
            Attempt.agency_id == agency_id,
            Attempt.endpoint_id == endpoint_id,
            Attempt.created_at >= since,
            Attempt.id >= ids.since("attempt", since),
        )
        .order_by(Attempt.id.desc())
        .limit(AT_MOST)
        .subquery()
    )
    of_code = await session.execute(select(some.c.code, func.count()).group_by(some.c.code))
    by_code = Counter[str]()
    for code, count in of_code:
        by_code[public_code(code)] += count
    arrived = func.count().filter(some.c.arrived)
    times = [func.percentile_disc(share).within_group(some.c.total_ms) for share in (0.5, 0.95, 0.99)]
    attempts, good, p50, p95, p99 = (await session.execute(select(func.count(some.c.code), arrived, *times))).one()
    return AttemptCounts(attempts, good, dict(by_code.most_common()), p50, p95, p99, complete=attempts < AT_MOST)


async def delivery_counts(
    session: AsyncSession, agency_id: str, endpoint_id: str, *, since: datetime
) -> dict[str, int]:
    """Deliveries created since a time, by visible status; the newest if there are too many."""
    some = (
        conditions.with_visible_status(agency_id)
        .where(
            Delivery.endpoint_id == endpoint_id,
            Delivery.created_at >= since,
            Delivery.id >= ids.since("delivery", since),
        )
        .with_only_columns(conditions.visible_status().label("status"))
        .order_by(Delivery.id.desc())
        .limit(AT_MOST)
        .subquery()
    )
    counted = await session.execute(select(some.c.status, func.count()).group_by(some.c.status).order_by(some.c.status))
    return {row.status: int(row[1]) for row in counted}


async def waiting_counts(session: AsyncSession, agency_id: str, endpoint: Endpoint) -> WaitingCounts:
    """Current backlog and hold of an endpoint."""
    health = (
        select(
            EndpointHealth.breaker,
            EndpointHealth.open_until,
            case((EndpointHealth.hold_until > func.now(), EndpointHealth.hold_until)),
            conditions.endpoint_hold(),
        )
        .join(Endpoint, (Endpoint.agency_id == EndpointHealth.agency_id) & (Endpoint.id == EndpointHealth.id))
        .where(EndpointHealth.agency_id == agency_id, EndpointHealth.id == endpoint.id)
    )
    breaker, open_until, hold_until, hold = (await session.execute(health)).one()
    not_over = Delivery.agency_id == agency_id, Delivery.endpoint_id == endpoint.id, conditions.is_open_indexed()
    some = select(Delivery.created_at).where(*not_over).limit(AT_MOST).subquery()
    backlog, age = (await session.execute(select(func.count(), _age(func.min(some.c.created_at))))).one()
    return WaitingCounts(
        backlog, None if age is None else int(age), breaker, open_until, typing.cast(Hold | None, hold), hold_until
    )


def _age(made: ColumnElement[datetime]) -> ColumnElement[float | None]:
    return cast(extract("epoch", func.now() - made), Float)
