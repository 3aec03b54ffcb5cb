"""What Prometheus is shown of the database: the queue, the endpoints, and how far retention is behind."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from app.kit import clock
from app.webhooks.maintenance import retention
from app.webhooks.maintenance.context import MaintenanceContext
from app.webhooks.monitoring import metric_queries

log = structlog.get_logger(__name__)

#: However often somebody asks, the database is looked at once in that many seconds.
FRESH = 5.0


@dataclass(eq=False)  # a registry keeps it by identity
class Gauges:
    """The last look. Every worker shows the same: take the greatest, not the sum."""

    tools: MaintenanceContext
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _families: list[GaugeMetricFamily] = field(default_factory=list)
    _looked_at: float = float("-inf")
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.registry.register(self)

    async def look(self) -> None:
        """Looks again unless the last look is fresh. When the database does not answer there are no gauges at all."""
        async with self._one_at_a_time:
            if time.monotonic() - self._looked_at < FRESH:
                return
            try:
                self._families = await _families(self.tools)
            except Exception:  # counters are still to be read
                log.exception("webhooks.gauges_failed")
                self._families = []
            self._looked_at = time.monotonic()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As prometheus_client asks for it."""
        yield from self._families


async def _families(tools: MaintenanceContext) -> list[GaugeMetricFamily]:
    async with tools.sessions() as session:
        queue = await metric_queries.queue(session)
        return [
            _by("webhook_backlog", "Open deliveries, the first 100,000.", ("share", "status"), queue.backlog),
            _by("webhook_held", "Deliveries held back, by why.", ("reason",), queue.held),
            _by(
                "webhook_oldest_due_age_seconds", "Age of the oldest delivery that may be sent.", ("share",),
                await metric_queries.oldest_due(session),
            ),
            _by(
                "webhook_endpoints", "Endpoints that are not deleted.", ("status",),
                await metric_queries.endpoints(session),
            ),
            GaugeMetricFamily(
                "webhook_breakers_open", "Endpoints whose circuit breaker is open.",
                await metric_queries.breakers_open(session),
            ),
            GaugeMetricFamily(
                "webhook_retention_lag_days", "How long something is kept beyond its time.",
                await retention.days(session, tools, clock.now()),
            ),
        ]  # fmt: skip


def _by(name: str, says: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
