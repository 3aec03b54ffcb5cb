"""Monitoring pages of a worker: its health, and gauges that are read from the database."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import and_, case, exists, extract, func, select, true, values
from sqlalchemy import column as named
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import String
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.kit import clock
from app.kit.database import CROSS_TENANT, Sessions
from app.webhooks.context import MaintenanceContext
from app.webhooks.deliveries import conditions
from app.webhooks.maintenance import retention
from app.webhooks.metrics import SILENCE, Heartbeat
from app.webhooks.models import OPEN, Delivery, Endpoint

log = structlog.get_logger(__name__)
#: Seconds for which gauges are cached.
FRESH = 5.0
Figures = dict[tuple[str, ...], float]
SLOT_CLASSES = ("new", "retry")
STATUSES = ("pending", "retrying", "in_flight", "held")
REASONS = ("paused", "circuit", "retry_after", "rate_limit", "ordering")
ENDPOINT_STATES = ("active", "paused", "pending_verification", "disabled")
#: Maximum number of open deliveries that are counted.
COUNTED = 100_000


@dataclass(eq=False)  # a registry compares it by identity
class Gauges:
    """Cached gauges. Every worker shows the same values: aggregate by maximum, not by sum."""

    tools: MaintenanceContext
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _families: list[GaugeMetricFamily] = field(default_factory=list)
    _read_at: float = float("-inf")
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.registry.register(self)

    async def refresh(self) -> None:
        """Read the gauges unless they are fresh. There are none while the database does not answer."""
        async with self._one_at_a_time:
            if time.monotonic() - self._read_at < FRESH:
                return
            try:
                self._families = await _families(self.tools)
            except Exception:  # counters are still to be read
                log.exception("webhooks.gauges_failed")
                self._families = []
            self._read_at = time.monotonic()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Gauges in the form of prometheus_client."""
        yield from self._families


def make_worker_pages(pulse: Heartbeat, gauges: Gauges, sessions: Sessions) -> Starlette:
    """Application with `/healthz` for the process supervisor and `/metrics` for Prometheus."""

    async def healthz(_: Request) -> Response:
        sentence = await health_problem(pulse, sessions)
        if sentence:
            return JSONResponse({"status": "stuck", "detail": sentence}, status_code=503)
        return JSONResponse({"status": "alive"})

    async def metrics(_: Request) -> Response:
        await gauges.refresh()
        shown = generate_latest(REGISTRY) + generate_latest(gauges.registry)
        return Response(shown, media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])


async def health_problem(pulse: Heartbeat, sessions: Sessions) -> str | None:
    """Reason to restart the worker, or None. Queries the database only while the worker is idle."""
    if stopped := pulse.stopped():
        return f"A loop is stuck: {', '.join(stopped)} did not run for {SILENCE:.0f} s."
    if not pulse.is_quiet():
        return None
    try:
        async with sessions() as session:
            stuck = await is_anything_stuck(session)
    except Exception:  # a new worker would find no database either
        return None
    return f"No attempt in {SILENCE:.0f} s although deliveries are due that may be sent." if stuck else None


async def _families(tools: MaintenanceContext) -> list[GaugeMetricFamily]:
    async with tools.sessions() as session:
        queue = await read_queue(session)
        return [
            _by("webhook_backlog", "Open deliveries, the first 100,000.", ("slot_class", "status"), queue.backlog),
            _by("webhook_held", "Deliveries held back, by why.", ("reason",), queue.held),
            _by(
                "webhook_oldest_due_age_seconds", "Age of the oldest delivery that may be sent.", ("slot_class",),
                await oldest_due(session),
            ),
            _by(
                "webhook_endpoints", "Endpoints that are not deleted.", ("status",),
                await endpoints(session),
            ),
            GaugeMetricFamily(
                "webhook_breakers_open", "Endpoints whose circuit breaker is open.",
                await breakers_open(session),
            ),
            GaugeMetricFamily(
                "webhook_retention_lag_days", "How long something is kept beyond its time.",
                await retention.lag_days(session, tools, clock.now()),
            ),
        ]  # fmt: skip


def _by(name: str, says: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


@dataclass(frozen=True)
class Queue:
    """Open deliveries by slot class and visible status, and held ones by reason."""

    backlog: Figures = field(default_factory=dict)
    held: Figures = field(default_factory=dict)


async def read_queue(session: AsyncSession) -> Queue:
    """Count open deliveries, and those that wait for something else than a slot."""
    backlog, reasons = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for slot_class, status, reason, n in [*await _due(session), *await _waiting(session)]:
        backlog[slot_class, "held" if reason and status != "in_flight" else status] += n
        if reason and status != "in_flight":
            reasons[(reason,)] += n
    shown: Figures = {
        (slot_class, status): float(backlog[slot_class, status]) for slot_class in SLOT_CLASSES for status in STATUSES
    }
    return Queue(shown, {(reason,): float(reasons[(reason,)]) for reason in REASONS})


async def oldest_due(session: AsyncSession) -> Figures:
    """Age in seconds of the oldest due delivery that may be sent and is not leased, by slot class; 0 for none."""
    classes = values(named("slot_class", String), name="classes").data([(each,) for each in SLOT_CLASSES])
    oldest = (
        select(Delivery.due_at)
        .where(Delivery.agency_id == Endpoint.agency_id, Delivery.endpoint_id == Endpoint.id)
        .where(Delivery.slot_class == classes.c.slot_class, Delivery.due_at <= func.now(), conditions.is_unleased())
        .order_by(Delivery.due_at)
        .limit(1)
        .lateral("oldest")
    )
    age = func.max(extract("epoch", func.now() - oldest.c.due_at)).label("age")
    query: Any = conditions.with_health(select(classes.c.slot_class, age)).join(classes, true()).join(oldest, true())
    found = await _rows(session, query.where(conditions.endpoint_accepts_deliveries()).group_by(classes.c.slot_class))
    return {(slot_class,): 0.0 for slot_class in SLOT_CLASSES} | {(row.slot_class,): float(row.age) for row in found}


async def endpoints(session: AsyncSession) -> Figures:
    """Endpoints by status; active endpoints that are paused count separately."""
    paused = and_(Endpoint.status == "active", Endpoint.paused_at.is_not(None))
    status = case((paused, "paused"), else_=Endpoint.status).label("status")
    query = select(status, func.count().label("n")).where(Endpoint.deleted_at.is_(None)).group_by(status)
    found = await _rows(session, query)
    return {(name,): 0.0 for name in ENDPOINT_STATES} | {(row.status,): float(row.n) for row in found}


async def breakers_open(session: AsyncSession) -> int:
    """Number of endpoints whose circuit breaker is open."""
    query = conditions.with_health(select(func.count().label("n"))).where(
        conditions.endpoint_is_active(), conditions.breaker_is_open()
    )
    return int((await _rows(session, query))[0].n)


async def is_anything_stuck(session: AsyncSession) -> bool:
    """True if an endpoint accepts deliveries and has late ones, but none was sent."""
    query = select(exists(select(conditions.stuck_endpoints())))
    return bool((await session.execute(query.execution_options(**CROSS_TENANT))).scalar_one())


async def _due(session: AsyncSession) -> list[Any]:
    some = (
        select(
            Delivery.agency_id, Delivery.endpoint_id, Delivery.slot_class, Delivery.status, Delivery.due_at,
            Delivery.lease_until,
        )
        .where(Delivery.due_at.is_not(None))
        .limit(COUNTED)
        .subquery("some")
    )  # fmt: skip
    status = case((some.c.lease_until > func.now(), "in_flight"), else_=some.c.status).label("status")
    is_due = (some.c.due_at <= func.now()).label("is_due")
    kinds = some.c.agency_id, some.c.endpoint_id, some.c.slot_class, status, is_due
    of_endpoint = select(*kinds, func.count().label("n")).group_by(*kinds).subquery("of_endpoint")
    counted = of_endpoint.c
    query: Any = conditions.with_health(
        select(counted.slot_class, counted.status, case((counted.is_due, conditions.endpoint_hold())), counted.n)
    )
    there = and_(counted.agency_id == Endpoint.agency_id, counted.endpoint_id == Endpoint.id)
    return await _rows(session, query.join(of_endpoint, there))


async def _waiting(session: AsyncSession) -> list[Any]:
    some = (
        select(Delivery.slot_class, Delivery.status)
        .where(Delivery.due_at.is_(None), Delivery.status.in_(OPEN))
        .limit(COUNTED)
        .subquery("some")
    )
    rows = await _rows(
        session, select(some.c.slot_class, some.c.status, func.count()).group_by(some.c.slot_class, some.c.status)
    )
    return [(slot_class, status, "ordering", n) for slot_class, status, n in rows]


async def _rows(session: AsyncSession, query: Any) -> list[Any]:
    return list((await session.execute(query.execution_options(**CROSS_TENANT))).all())
