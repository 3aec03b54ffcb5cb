"""Every half minute: finds what is stuck, puts it right, and says so loudly."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.webhooks.maintenance import expiry, stale_leases
from app.webhooks.maintenance.context import MaintenanceContext
from app.webhooks.monitoring import failure_notifications, metrics

log = structlog.get_logger(__name__)

CHORE = "sweep"
EVERY = timedelta(seconds=30)

Look = Callable[[AsyncSession, int], Awaitable[int]]
#: What may be stuck, and what puts it right (or at least counts it). Each is a bug or an overload: somebody is told.
KINDS: dict[str, Look] = {
    "fan_out": stale_leases.marks,
    "fan_out_late": stale_leases.late_marks,
    "delivery_late": stale_leases.late_deliveries,
    "lease": stale_leases.leases,
    "no_due_at": stale_leases.without_due_at,
}


async def sweep(tools: MaintenanceContext) -> timedelta:
    """One round, each part in a transaction of its own. How long until the next."""
    for kind, look in KINDS.items():
        async with tools.sessions.begin() as session:
            found = await look(session, tools.at_once)
        if found:
            metrics.sweeper_fixed(kind, found)
            log.error("webhooks.stuck", kind=kind, found=found)
    await expiry.end_expired(tools)
    await expiry.end_overflow(tools)
    await failure_notifications.give(tools)
    return EVERY
