"""Every hour: what is past its time goes, in small transactions, so that it may be stopped anywhere."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog

from app.kit import clock
from app.webhooks.maintenance import partition_drops, partitions, pruning, redaction
from app.webhooks.maintenance.context import MaintenanceContext

log = structlog.get_logger(__name__)

CHORE = "retention"
EVERY = timedelta(hours=1)
#: When a round left something over: soon again, with a breath between.
SOON = timedelta(seconds=10)
#: So many statements of each kind a round.
BATCHES = 50

Batch = Callable[[], Awaitable[int]]


async def tidy(tools: MaintenanceContext) -> timedelta:
    """One round: sees that the coming months have partitions, then takes away what is past. How long until the next."""
    now = clock.now()
    await partitions.ensure(tools.sessions, now.date())
    past = now - timedelta(days=tools.days)
    whole = await partition_drops.drop_past(tools.sessions, past)
    batches: tuple[Batch, ...] = (
        *(
            partial(partition_drops.empty_net, tools.sessions, table, past, tools.at_once)
            for table in partitions.TABLES
        ),
        partial(pruning.prune_deliveries, tools.sessions, past, tools.at_once),
        *(partial(other, tools.sessions, now, tools.at_once) for other in tools.others),
    )
    for batch in batches:
        whole = await _until_done(batch, tools.at_once) and whole
    blank = await redaction.blank(tools, now - timedelta(days=tools.body_days), batches=BATCHES)
    return EVERY if whole and blank else SOON


async def _until_done(batch: Batch, full: int) -> bool:
    """Whether all is gone; not when the round has done enough."""
    for _ in range(BATCHES):
        if await batch() < full:
            return True
    return False
