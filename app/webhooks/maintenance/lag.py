"""How far retention is behind: the days that something has been kept beyond its time."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.webhooks.maintenance import partition_drops, pruning, redaction
from app.webhooks.maintenance.context import MaintenanceContext

_DAY = timedelta(days=1)


async def days(session: AsyncSession, tools: MaintenanceContext, now: datetime) -> float:
    """0 while all is in time, to the hour; a month counts as past when it has ended, not while it runs."""
    past = now - timedelta(days=tools.days)
    ends = [end for _, end in await partition_drops.ends(session)]
    kept = [*ends[:1], await partition_drops.oldest_in_net(session), await pruning.oldest_past(session, past)]
    late = [past - oldest for oldest in kept if oldest is not None]
    blanked = await redaction.reached(session)
    if blanked is not None:
        late.append(now - timedelta(days=tools.body_days) - blanked)
    return max([0.0, *(each / _DAY for each in late)])
