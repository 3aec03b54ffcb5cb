"""Every half minute: finds what is stuck, puts it right, and says so loudly."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.webhooks.dispatch.keeping import ending, stuck
from app.webhooks.dispatch.keeping.tools import Keeping
from app.webhooks.dispatch.seeing import figures, notices

log = structlog.get_logger(__name__)

CHORE = "sweep"
EVERY = timedelta(seconds=30)

Look = Callable[[AsyncSession, int], Awaitable[int]]
#: What may be stuck, and what puts it right (or at least counts it). Each is a bug or an overload: somebody is told.
KINDS: dict[str, Look] = {
    "fan_out": stuck.marks,
    "fan_out_late": stuck.late_marks,
    "delivery_late": stuck.late_deliveries,
    "lease": stuck.leases,
    "no_due_at": stuck.without_due_at,
}


async def sweep(tools: Keeping) -> timedelta:
    """One round, each part in a transaction of its own. How long until the next."""
    for kind, look in KINDS.items():
        async with tools.sessions.begin() as session:
            found = await look(session, tools.at_once)
        if found:
            figures.sweeper_fixed(kind, found)
            log.error("webhooks.stuck", kind=kind, found=found)
    await ending.end_expired(tools)
    await ending.end_overflow(tools)
    await notices.give(tools)
    return EVERY
